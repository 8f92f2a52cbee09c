{{ config(
    materialized=load_materialization(),
    pre_hook="{{ forget_touched_facts('transaction_key', 'transaction_on') }}",
) }}

with

sales_orders as (

    select * from {{ ref('stg_dealer__sales_orders') }}

),

service_orders as (

    select * from {{ ref('stg_dealer__service_orders') }}

),

receipts as (

    select * from {{ ref('stg_shop__receipts') }}

),

units as (

    select * from {{ ref('stg_manufacturer__units_built') }}

),

period as (

    select * from {{ ref('int_period') }}

),

partner_versions as (

    select * from {{ ref('int_partner_version') }}

),

nodes as (

    select * from {{ ref('int_identity_node') }}

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

    select
        sales_orders.row_key,
        sales_orders.chain_key,
        sales_orders.link_key,
        sales_orders.partner_code,
        sales_orders.customer_hash,
        'sale' as touchpoint_code,
        units.product_code,
        sales_orders.delivered_on as transaction_on,
        case when sales_orders.order_kind = 'new' then 'new_unit' else 'used_unit' end as transaction_kind,
        true as is_customer_paid,
        sales_orders.revenue_eur,
        sales_orders.margin_eur
    from sales_orders
    left join units on sales_orders.serial_hash = units.serial_hash

    union all

    select
        row_key,
        chain_key,
        link_key,
        partner_code,
        customer_hash,
        'service' as touchpoint_code,
        cast(null as {{ dbt.type_string() }}) as product_code,
        completed_on as transaction_on,
        'service' as transaction_kind,
        payer = 'customer' as is_customer_paid,
        revenue_eur,
        margin_eur
    from service_orders

    union all

    select
        row_key,
        chain_key,
        link_key,
        partner_code,
        loyalty_hash as customer_hash,
        'shop_visit' as touchpoint_code,
        product_code,
        purchased_on as transaction_on,
        case when receipt_kind = 'return' then 'return' else 'receipt' end as transaction_kind,
        receipt_kind = 'sale' as is_customer_paid,
        revenue_eur,
        margin_eur
    from receipts

),

resolved as (

    select
        unioned.*,
        {{ resolved_customer([('unioned.customer_hash', 'nodes')]) }} as customer_key
    from unioned
    left join nodes on {{ node_of('unioned.customer_hash', 'nodes', 'customer') }}

)

select
    resolved.row_key as transaction_key,
    resolved.chain_key,
    resolved.link_key,
    resolved.chain_key * 10 + resolved.link_key as chain_link_key,
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
