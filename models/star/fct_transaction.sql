{{ config(
    materialized=load_materialization(),
    pre_hook="{{ forget_touched_facts('transaction_key', 'transaction_on') }}",
) }}

-- noqa: disable=LT02
with

units as (

    {% for dataset in datasets_of('unit') -%}
        select
            serial_hash,
            product_code
        from {{ ref('stg_' ~ dataset) }}
        {% if not loop.last %}
            union all

        {% endif -%}
    {% endfor %}

),

period as (

    select * from {{ ref('int_period') }}

),

partner_versions as (

    select * from {{ ref('int_partner_version') }}

),

nodes as (

    select * from {{ ref('int_customer_node') }}

),

erased as (

    select * from {{ ref('int_erased_customer') }}

),

touchpoints as (

    select * from {{ ref('dim_touchpoint') }}

),

products as (

    select * from {{ ref('dim_product') }}

),

unioned as (

    {% for dataset in datasets_of('transaction') -%}
        {%- set said = landing_dataset(dataset) -%}
        {%- set paid = said['paid_by_customer'] %}
        select
            orders.row_key,
            orders.chain_key,
            orders.link_key,
            orders.partner_code,
            {{ named('orders.' ~ customer_column(dataset), 'customer_hash') }},
            '{{ said['touchpoint'] }}' as touchpoint_code,
            {{ product_of(dataset, 'orders', 'units') }} as product_code,
            orders.{{ day_of(dataset) }} as transaction_on,
            {{ transaction_kind(dataset, 'orders') }} as transaction_kind,
            {{ 'orders.' ~ paid['column'] ~ " in ('" ~ paid['words'] | join("', '") ~ "')" if paid else 'true' }}
                as is_customer_paid,
            orders.revenue_eur,
            {{ margin_or_null(dataset, 'orders') }}
        from {{ ref('stg_' ~ dataset) }} as orders
        {%- if said['product'] == 'of_unit' %}
        left join units on orders.{{ identity_columns(dataset)['serial'] }} = units.serial_hash
        {%- endif %}
        {% if not loop.last %}
            union all

        {% endif -%}
    {% endfor %}

),

resolved as (

    select
        unioned.*,
        nodes.customer_key
    from unioned
    left join nodes on {{ node_of('unioned.customer_hash', 'nodes', 'customer') }}

)

select
    resolved.row_key as transaction_key,
    resolved.chain_key,
    resolved.link_key,
    {{ chain_link_key('resolved.chain_key', 'resolved.link_key') }} as chain_link_key,
    partner_versions.partner_key,
    resolved.customer_key,
    touchpoints.touchpoint_key,
    products.product_key,
    resolved.transaction_on,
    resolved.transaction_kind,
    resolved.is_customer_paid,
    resolved.revenue_eur,
    resolved.margin_eur
from resolved
cross join period
inner join partner_versions
    on
        resolved.partner_code = partner_versions.partner_code
        and resolved.transaction_on between partner_versions.assigned_from and partner_versions.assigned_to
inner join touchpoints on resolved.touchpoint_code = touchpoints.touchpoint_code
left join products on resolved.product_code = products.product_code and products.is_first_of_code
left join erased on resolved.customer_key = erased.customer_key
where
    resolved.transaction_on <= period.as_of_on
    and erased.customer_key is null
    and {{ is_touched_fact('resolved.row_key', 'resolved.transaction_on', 'resolved.chain_key') }}
