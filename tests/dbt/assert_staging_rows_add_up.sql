{{ config(group='landing') }}

-- Rows read = rows accepted + rows quarantined + rows of erased people, file by file. A row whose answer alone was
-- rejected is quarantined.

with

raw_files as (

    select * from {{ source('raw', 'raw_files') }}

),

raw_rejects as (

    select * from {{ ref('int_raw_reject') }}

),

accepted as (

    {% for dataset in landing_datasets() -%}
        select file_id
        from {{ ref('base_' ~ dataset) }}
        where
            reject_reason is null
            {% if dataset in datasets_with_answers() %}
                and answer_reject_reason is null
            {% endif %}
        {% if not loop.last %}
            union all

        {% endif -%}
    {% endfor %}

),

accepted_by_file as (

    select
        file_id,
        count(*) as row_count
    from accepted
    group by file_id

),

rejected_by_file as (

    select
        file_id,
        count(*) as row_count,
        count(distinct row_key) as distinct_row_count
    from raw_rejects
    group by file_id

)

select
    raw_files.file_id,
    raw_files.rows_read,
    accepted_by_file.row_count as rows_accepted,
    rejected_by_file.row_count as rows_rejected
from raw_files
left join accepted_by_file on raw_files.file_id = accepted_by_file.file_id
left join rejected_by_file on raw_files.file_id = rejected_by_file.file_id
where
    coalesce(raw_files.rows_read, 0)
    <> coalesce(accepted_by_file.row_count, 0)
    + coalesce(rejected_by_file.row_count, 0)
    + coalesce(raw_files.rows_erased, 0)
    -- and no row is quarantined twice
    or rejected_by_file.row_count <> rejected_by_file.distinct_row_count
