with

counted as (

    {% for dataset in datasets_of('transaction') -%}
        select
            partner_code,
            {{ day_of(dataset) }} as happened_on,
            count(*) as orders
        from {{ ref('stg_' ~ dataset) }}
        group by partner_code, {{ day_of(dataset) }}
        {% if not loop.last %}
            union all

        {% endif -%}
    {% endfor %}

)

select
    partner_code,
    happened_on,
    cast(sum(orders) as bigint) as orders
from counted
group by partner_code, happened_on
