{#- Keys that were delivered more than once: few, whatever the size of the table. -#}
{% macro repeated_keys(relation, key) -%}
    select {{ key | join(', ') }}
    from {{ relation }}
    group by {{ key | join(', ') }}
    having count(*) > 1
{%- endmacro %}

{#- What belongs to an answer: its score and moments, and those of the invitation in whose row it stands. -#}
{% macro answer_columns(dataset) -%}
    {%- set said = landing_dataset(dataset) -%}
    {%- set columns = ['score'] -%}
    {%- for column in [said['answered'], said['day']] | unique -%}
        {%- do columns.append(column) -%}
        {%- if said['columns'][column]['type'] == 'timestamp' -%}
            {%- do columns.append(local_day(column)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}

{#- Condition: the row, good otherwise, holds an answer that counts. -#}
{% macro valid_answer(dataset) -%}
    {%- set alone = 'score is not null' -%}
    {{ return(alone ~ ' and answer_reject_reason is null' if dataset in datasets_with_answers() else alone) }}
{%- endmacro %}

{#- Of the rows of one key that are otherwise good, the last delivery stands: a row that says what an earlier row said
    is a duplicate, and a row that says something else than the last one is superseded. Exactly one is left per key.
    `relation` holds row_key, file_id, line_number, reject_reason and is_repeated; `content` are the columns beside the
    key. file_number is a file's place in the order of delivery.

    `dataset` is given where rows hold answers. No later delivery hides a first score: the row that stands takes over the
    first valid answer of its key where its own is another score or none. The first is that of the first file; of one file
    the last by its moment, since a file that knows several moments tells how the customer changed the answer, and one
    that gives two scores for one moment has replaced the first. A row that re-scores its own number comes last. -#}
{% macro repeated_rows(relation, key, content, dataset=none) -%}
    {%- set answer = answer_columns(dataset) if dataset else [] -%}
    {%- set is_valid = valid_answer(dataset) if dataset -%}
    {%- set own_rescore = 'rescores = ' ~ number_column(dataset) if dataset in datasets_with_rescores() else 'false' -%}
    {%- set first_answer = 'over (partition by ' ~ key | join(', ') ~ ' order by case when not (' ~ is_valid
        ~ ') then 2 when ' ~ own_rescore ~ ' then 1 else 0 end, file_number, '
        ~ landing_dataset(dataset)['answered'] ~ ' desc, line_number)' if dataset -%}
    select
        row_key,
        case
            when first_same_key != row_key then 'duplicate_row'
            when first_same_key != standing_key then 'superseded_row'
        end as reject_reason
        {%- if dataset %},
        {{ answer | join(',\n        ') }},
        later_score,
        -- null where no row of the key has a valid answer
        coalesce(score != later_score or (score is not null and later_score is null), false) as is_answer_replaced
        {%- endif %}
    from (
        select
            row_key,
            first_same_key,
            {%- if dataset %}
            {{ answer | join(',\n            ') }},
            later_score,
            {%- endif %}
            first_value(first_same_key) over (
                partition by {{ key | join(', ') }}
                order by file_number desc, line_number desc
            ) as standing_key
        from (
            select
                {{ key | join(',\n                ') }},
                row_key,
                file_number,
                line_number,
                {%- if dataset %}
                case when {{ is_valid }} then score end as later_score,
                {%- for column in answer %}
                case when first_value({{ is_valid }}) {{ first_answer }} then first_value({{ judged_moment('delivered', dataset, column) }}) {{ first_answer }} end
                    as {{ column }},
                {%- endfor %}
                {%- endif %}
                first_value(row_key) over (
                    partition by {{ (key + content) | join(', ') }}
                    order by file_number, line_number
                ) as first_same_key
            from (
                select
                    {{ relation }}.*,
                    files.file_number
                from {{ relation }}
                inner join {{ source('raw', 'raw_files') }} as files on {{ relation }}.file_id = files.file_id
                where {{ relation }}.is_repeated and {{ relation }}.reject_reason is null
            ) as delivered
        ) as same_content
    ) as same_key
{%- endmacro %}
