{{ config(
    pre_hook="{{ keep_before() }}",
) }}

with

chains as (

    select * from {{ ref('dim_chain') }}

),

partner_codes as (

    select * from {{ ref('int_partner_code') }}

),

links as (

    select * from {{ ref('links') }}

),

-- A partner without a country (a manufacturer) serves every chain of its industry.
links_of_chains as (

    select distinct
        chains.chain_key,
        chains.chain_code,
        chains.chain_name,
        partner_codes.link_key
    from chains
    inner join partner_codes
        on
            chains.industry_key = partner_codes.industry_key
            and (partner_codes.country_key is null or chains.country_key = partner_codes.country_key)

)

select
    {{ chain_link_key('links_of_chains.chain_key', 'links_of_chains.link_key') }} as chain_link_key,
    links_of_chains.chain_key,
    links_of_chains.link_key,
    links_of_chains.chain_code,
    links.link_code,
    links_of_chains.chain_name,
    links.link_name,
    links.link_position
from links_of_chains
inner join links on links_of_chains.link_key = links.link_key
