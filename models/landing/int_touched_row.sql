{#- The number is what rows of other data sets name a row by: text, and only where others belong to these rows. -#}
{%- set datasets = datasets_with('load', 'changes') -%}
with

{% for dataset in datasets -%}
    {%- set number = 'cast(' ~ (number_column(dataset) if is_named_by_others(dataset) else 'null') ~ ' as '
        ~ dbt.type_string() ~ ')' -%}
    {{ dataset }}_rows as (

        select
            row_key,
            '{{ dataset }}' as dataset,
            partner_code,
            {{ number }} as row_no
        from {{ ref('base_' ~ dataset) }}
        {% if loads_changes() -%}
            where
                {{ is_touched_row(dataset, 'row_key') }}
                {%- if dataset in datasets_with_rescores() %}
                or {{ is_rescoring_row(dataset) }}
                {%- endif %}

            union all

            select
                {{ row_key('changed') }} as row_key,
                '{{ dataset }}' as dataset,
                partner_code,
                {{ number }} as row_no
            from {{ source('changes', dataset) }} as changed
        {%- else -%}
            where false
        {%- endif %}

    ),

{% endfor -%}

unioned as (

    {% for dataset in datasets -%}
        select * from {{ dataset }}_rows
        {% if not loop.last %}
            union all

        {% endif -%}
    {% endfor %}

)

select distinct
    row_key,
    dataset,
    partner_code,
    row_no
from unioned
