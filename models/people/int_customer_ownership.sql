with

ownership as (

    select * from {{ ref('int_ownership') }}

),

nodes as (

    select * from {{ ref('int_customer_node') }}

),

sales as (

    {% for dataset in datasets_with('hands_over', true) -%}
        select
            {{ identity_columns(dataset)['serial'] }} as serial_hash,
            {{ day_of(dataset) }} as sold_on,
            chain_key
        from {{ ref('stg_' ~ dataset) }}
        {% if not loop.last %}
            union all

        {% endif -%}
    {% endfor %}

),

-- The chain of the sale that began the ownership.
sale_chains as (

    select
        serial_hash,
        sold_on,
        min(chain_key) as chain_key
    from sales
    group by serial_hash, sold_on

)

select
    ownership.serial_hash,
    ownership.ownership_number,
    nodes.customer_key,
    sale_chains.chain_key,
    ownership.owned_from,
    ownership.owned_to
from ownership
inner join sale_chains
    on ownership.serial_hash = sale_chains.serial_hash and ownership.owned_from = sale_chains.sold_on
left join nodes on ownership.owner_hash = nodes.node_key
where ownership.owner_hash is not null
