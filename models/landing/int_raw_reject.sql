with

raw_files as (

    select * from {{ source('raw', 'raw_files') }}

),

raw_rejects as (

    select * from {{ source('raw', 'raw_rejects') }}

),

intake_rejects as (

    select
        {{ row_key('raw_rejects') }} as row_key,
        raw_rejects.file_id,
        raw_rejects.line_number,
        raw_files.dataset,
        'row' as scope,
        raw_rejects.reason
    from raw_rejects
    inner join raw_files on raw_rejects.file_id = raw_files.file_id

),

all_rejects as (

    {% for dataset in landing_datasets() -%}
        {% for scope, reason in [('row', 'reject_reason'), ('answer', 'answer_reject_reason')] -%}
            {%- if scope == 'row' or dataset in datasets_with_answers() -%}
                select
                    row_key,
                    file_id,
                    line_number,
                    '{{ dataset }}' as dataset,
                    '{{ scope }}' as scope,
                    {{ reason }} as reason
                from {{ ref('base_' ~ dataset) }}
                where {{ reason }} is not null

                union all

            {% endif -%}
        {% endfor -%}
    {% endfor -%}
    select * from intake_rejects

)

select
    row_key,
    file_id,
    line_number,
    dataset,
    scope,
    split_part(reason, ':', 1) as reason_code,
    nullif(split_part(reason, ':', 2), '') as column_name
from all_rejects
