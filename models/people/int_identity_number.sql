{#- A customer number is a partner's own, and stands in the list of its customers or in its surveys. -#}
{%- set named_by = [] -%}
{%- for dataset, identities in identity_records().items() -%}
    {%- set is_list = landing_dataset(dataset)['shape'] in ('party', 'survey') -%}
    {%- if is_list and customer_column(dataset) and ('email' in identities or 'phone' in identities) -%}
        {%- do named_by.append(dataset) -%}
    {%- endif -%}
{%- endfor -%}
with

met as (

    select * from {{ ref('int_identity_met') }}

),

-- only a number with an address that meets others is asked for its partner
shared as (

    select distinct pairs.customer_node
    from (
        select
            node_a as address_node,
            node_b as customer_node
        from {{ ref('int_identity_pair') }}
        where kind_a in {{ address_kinds() }} and kind_b = 'customer'
        union all
        select
            node_b as address_node,
            node_a as customer_node
        from {{ ref('int_identity_pair') }}
        where kind_b in {{ address_kinds() }} and kind_a = 'customer'
    ) as pairs
    inner join met on pairs.address_node = met.node_key
    where met.customers > 1

),

named as (

    {% for dataset in named_by -%}
        select
            {{ customer_column(dataset) }} as node_key,
            partner_code
        from {{ ref('stg_' ~ dataset) }}
        where {{ customer_column(dataset) }} is not null
        {% if not loop.last %}
            union all

        {% endif -%}
    {% endfor %}

)

select
    named.node_key,
    min(named.partner_code) as partner_code
from named
inner join shared on named.node_key = shared.customer_node
group by named.node_key
