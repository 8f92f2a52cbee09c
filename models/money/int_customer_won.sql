with

purchases as (

    select * from {{ ref('fct_transaction') }}
    where is_retention_event and customer_key is not null

),

customer_chains as (

    select * from {{ ref('int_customer_chain') }}

),

acquisitions as (

    select * from {{ ref('stg_chain__acquisition_reasons') }}

),

nodes as (

    select * from {{ ref('int_customer_node') }}

),

reasons as (

    select * from {{ ref('acquisition_reasons') }}

),

link_purchases as (

    select
        customer_key,
        chain_key,
        chain_link_key,
        min(transaction_on) as first_bought_on
    from purchases
    group by customer_key, chain_key, chain_link_key

),

first_purchases as (

    select *
    from link_purchases
    qualify row_number() over (partition by customer_key, chain_key order by first_bought_on, chain_link_key) = 1

),

asked as (

    select
        nodes.customer_key,
        acquisitions.chain_key,
        acquisitions.acquired_on,
        acquisitions.reason,
        acquisitions.row_key
    from acquisitions
    left join nodes on {{ node_of('acquisitions.customer_hash', 'nodes', 'customer') }}

),

-- Somebody won by two partners of the chain was new at the first of them only.
first_asked as (

    select
        customer_key,
        chain_key,
        acquired_on,
        reason
    from asked
    qualify row_number() over (partition by customer_key, chain_key order by acquired_on, row_key) = 1

)

select
    first_purchases.customer_key,
    first_purchases.chain_key,
    first_purchases.chain_link_key,
    -- who was registered, or told a tier so, before the first purchase on file was a customer before it
    least(
        first_purchases.first_bought_on,
        coalesce(customer_chains.first_on, first_purchases.first_bought_on),
        coalesce(first_asked.acquired_on, first_purchases.first_bought_on)
    ) as won_on,
    coalesce(reasons.reason_code, 'unknown') as reason_code,
    coalesce(reasons.acquisition_kind, 'unknown') as acquisition_kind
from first_purchases
left join customer_chains
    on
        first_purchases.customer_key = customer_chains.customer_key
        and first_purchases.chain_key = customer_chains.chain_key
left join first_asked
    on
        first_purchases.customer_key = first_asked.customer_key
        and first_purchases.chain_key = first_asked.chain_key
left join reasons on first_asked.reason = reasons.reason_code
