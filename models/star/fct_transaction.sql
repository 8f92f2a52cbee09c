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

taken_back as (

    select * from {{ ref('int_taken_back') }}

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
            {{ named(column_or_null(dataset, 'ordered_on', 'date', 'orders'), 'ordered_on') }},
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

),

judged as (

    select
        resolved.*,
        taken_back.purchase_key,
        coalesce(taken_back.standing = 'cancelled', false) as is_cancelled,
        coalesce(taken_back.standing = 'taken_back', false) as is_reversed,
        -- what the customer gets back, in the words of whoever delivers it or by its sign
        resolved.transaction_kind = 'return' or (resolved.is_customer_paid and resolved.revenue_eur < 0) as is_return,
        -- a purchase taken back in full comes to nothing, also at the rates of two months
        coalesce(taken_back.revenue_eur, resolved.revenue_eur) as net_revenue_eur,
        case when taken_back.revenue_eur is null then resolved.margin_eur else taken_back.margin_eur end
            as net_margin_eur
    from resolved
    left join taken_back on resolved.row_key = taken_back.row_key

)

select
    judged.row_key as transaction_key,
    judged.chain_key,
    judged.link_key,
    {{ chain_link_key('judged.chain_key', 'judged.link_key') }} as chain_link_key,
    partner_versions.partner_key,
    judged.customer_key,
    touchpoints.touchpoint_key,
    products.product_key,
    judged.transaction_on,
    judged.ordered_on,
    case when judged.is_return then 'return' else judged.transaction_kind end as transaction_kind,
    judged.is_customer_paid and not judged.is_return as is_customer_paid,
    judged.purchase_key as reverses_transaction_key,
    judged.is_reversed,
    judged.is_customer_paid
    and not judged.is_return
    and not judged.is_reversed
    and judged.net_revenue_eur > 0 as is_retention_event,
    judged.net_revenue_eur as revenue_eur,
    judged.net_margin_eur as margin_eur
from judged
cross join period
inner join partner_versions
    on
        judged.partner_code = partner_versions.partner_code
        and judged.transaction_on between partner_versions.assigned_from and partner_versions.assigned_to
inner join touchpoints on judged.touchpoint_code = touchpoints.touchpoint_code
left join products on judged.product_code = products.product_code and products.is_first_of_code
left join erased on judged.customer_key = erased.customer_key
where
    judged.transaction_on <= period.as_of_on
    and erased.customer_key is null
    and not judged.is_cancelled
    and {{ is_touched_fact('judged.row_key', 'judged.transaction_on', 'judged.chain_key') }}
