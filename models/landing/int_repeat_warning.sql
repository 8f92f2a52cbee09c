{#- Rows of one file under one number. Only the files are read of which many rows were refused as repeated, in most
    loads none. -#}
-- noqa: disable=LT05
with

files as (

    select * from {{ ref('int_delivered_file') }}

),

rejects as (

    select * from {{ ref('int_raw_reject') }}

),

repeating_files as (

    select
        files.file_id,
        files.dataset,
        files.partner_code,
        files.file_path,
        files.rows_read
    from rejects
    inner join files on rejects.file_id = files.file_id
    where rejects.reason_code in ('duplicate_row', 'superseded_row')
    group by files.file_id, files.dataset, files.partner_code, files.file_path, files.rows_read
    having
        count(*) >= {{ var('repeats_min_rows') }}
        and count(*) > files.rows_read * {{ var('repeats_max_share') }}

),

-- per number its rows in the file, and how many of them another one hides
numbers as (

    {% for dataset in landing_datasets() -%}
        {%- set said = landing_dataset(dataset) -%}
        {%- set key = said['key'] | join(', ') -%}
        select
            file_id,
            {{ 'true' if said['shape'] == 'survey' else 'false' }} as is_survey,
            count(*) as number_rows,
            -- one of them stands, unless a later file has the number too
            count(*) - 1 as hidden_rows
        from {{ ref('base_' ~ dataset) }}
        where
            file_id in (select repeating_files.file_id from repeating_files)
            and coalesce(reject_reason, 'duplicate_row') in ('duplicate_row', 'superseded_row')
        group by file_id, {{ key }}
        having count(*) > 1
        {% if not loop.last %}
            union all

        {% endif -%}
    {% endfor %}

),

by_file as (

    select
        file_id,
        is_survey,
        -- a survey programme delivers some answers again, with another score, of which the first counts
        case when is_survey then {{ var('most_of_a_file') }} else {{ var('repeats_max_share') }} end as usual_share,
        sum(number_rows) as number_rows,
        sum(hidden_rows) as hidden_rows
    from numbers
    group by file_id, is_survey

)

select
    'several_rows_per_number' as warning_code,
    repeating_files.dataset,
    repeating_files.partner_code,
    repeating_files.file_path,
    cast(by_file.hidden_rows as bigint) as rows_affected,
    repeating_files.rows_read as rows_total,
    concat(
        cast(by_file.number_rows as {{ dbt.type_string() }}), ' of ',
        cast(repeating_files.rows_read as {{ dbt.type_string() }}),
        ' rows share their number with another row of the file: probably ',
        case
            when by_file.is_survey
                then 'a number that is not the answer''s own, or a row per question, so that one answer a number counts'
            else 'several lines of one receipt, order, contact or person, of which only the last counts'
        end,
        '; ', cast(by_file.hidden_rows as {{ dbt.type_string() }}), ' are not in the figures.'
    ) as sentence
from by_file
inner join repeating_files on by_file.file_id = repeating_files.file_id
where
    by_file.hidden_rows >= {{ var('repeats_min_rows') }}
    and by_file.number_rows > repeating_files.rows_read * by_file.usual_share
