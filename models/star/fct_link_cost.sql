with

programme_costs as (

    select * from {{ ref('stg_chain__programme_costs') }}

),

chain_links as (

    select * from {{ ref('dim_chain_link') }}

)

select
    programme_costs.row_key as link_cost_key,
    chain_links.chain_key,
    chain_links.link_key,
    chain_links.chain_link_key,
    programme_costs.month as month_start_on,
    {{ quarter_start('programme_costs.month') }} as quarter_start_on,
    programme_costs.programme_cost_eur,
    programme_costs.head_count
from programme_costs
inner join chain_links
    on
        programme_costs.chain_key = chain_links.chain_key
        and programme_costs.link_key = chain_links.link_key
