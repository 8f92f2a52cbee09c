{#- What staging accepted, per file: counted on the accepted rows themselves, so that a test can hold it against the
    quarantine and the rows read. -#}
{% for dataset in landing_datasets() -%}
    select
        file_id,
        count(*) as rows_staged,
        {{ "count(*) filter (where answer_status = 'answered')" if dataset in datasets_with_answers()
            else 'cast(0 as bigint)' }} as answers_staged,
        {{ 'max(' ~ day_of(dataset) ~ ')' if day_of(dataset) else 'cast(null as date)' }} as freshest_on
    from {{ ref('stg_' ~ dataset) }}
    group by file_id
    {% if not loop.last %}
        union all

    {% endif -%}
{% endfor %}
