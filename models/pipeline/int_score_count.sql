{#- As they were written, before any is refused: what shows a scale is what it has that 0 to 10 does not. Re-scores are
    left out: a programme that raises scores to 9 shows no scale. -#}
with

written as (

    {% for dataset in surveys_holding('answers') -%}
        select
            '{{ dataset }}' as dataset,
            partner_code,
            file_id,
            {{ parse_integer('trim(score)') }} as score
        from {{ source('raw', dataset) }}
        {%- if 'rescores' in landing_columns(dataset) %}
            where rescores is null
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
