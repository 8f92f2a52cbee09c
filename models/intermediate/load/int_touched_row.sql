{% set datasets = incremental_datasets() -%}
with

{% for dataset in datasets -%}
    {{ dataset }}_rows as (

        {% if loads_changes() -%}
            select row_key
            from {{ ref('base_' ~ dataset) }}
            where {{ is_touched_row(dataset, 'row_key') }}

            union all

            select {{ row_key('changed') }} as row_key
            from {{ source('changes', dataset) }} as changed
        {%- else -%}
            select row_key
            from {{ ref('base_' ~ dataset) }}
            where false
        {%- endif %}

    ),

{% endfor -%}

unioned as (

    {% for dataset in datasets -%}
        select row_key from {{ dataset }}_rows
        {% if not loop.last %}
            union all

        {% endif -%}
    {% endfor %}

)

select distinct row_key
from unioned
