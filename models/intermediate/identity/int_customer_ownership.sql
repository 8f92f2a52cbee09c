with

ownership as (

    select * from {{ ref('int_ownership') }}

),

sales_orders as (

    select * from {{ ref('stg_dealer__sales_orders') }}

),

nodes as (

    select * from {{ ref('int_identity_node') }}

),

-- The chain of the sale that began the ownership.
sale_chains as (

    select
        serial_hash,
        delivered_on,
        min(chain_key) as chain_key
    from sales_orders
    group by serial_hash, delivered_on

)

select
    ownership.serial_hash,
    ownership.ownership_number,
    {{ resolved_customer([('ownership.owner_hash', 'nodes')]) }} as customer_key,
    sale_chains.chain_key,
    ownership.owned_from,
    ownership.owned_to
from ownership
inner join sale_chains
    on ownership.serial_hash = sale_chains.serial_hash and ownership.owned_from = sale_chains.delivered_on
left join nodes on ownership.owner_hash = nodes.node_key
where ownership.owner_hash is not null
