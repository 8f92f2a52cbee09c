{#- As they were written, before any is refused: what shows a scale is what it has that 0 to 10 does not. What
    replaces a first score is left out: a programme that raises scores to 9 shows no scale. -#}
with

written as (

    {% for dataset in surveys_holding('answers') -%}
        select
            '{{ dataset }}' as dataset,
            raw_rows.partner_code,
            raw_rows.file_id,
            {{ parse_integer('trim(raw_rows.score)') }} as score
        from {{ source('raw', dataset) }} as raw_rows
        left join {{ ref('stg_' ~ dataset) }} as replaced
            on
                {{ row_key('raw_rows') }} = replaced.row_key
                and replaced.is_answer_replaced
        where
            replaced.row_key is null
            {%- if 'rescores' in landing_columns(dataset) %}
                and raw_rows.rescores is null
            {%- endif %}
        {% if not loop.last %}
            union all

        {% endif -%}
    {% endfor %}

)

select
    dataset,
    partner_code,
    file_id,
    score,
    count(*) as answers
from written
where score >= 0
group by dataset, partner_code, file_id, score
