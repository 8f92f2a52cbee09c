with

versions as (

    select * from {{ ref('int_partner_version') }}

),

chains as (

    select * from {{ ref('dim_chain') }}

),

industries as (

    select * from {{ ref('industries') }}

),

links as (

    select * from {{ ref('links') }}

)

select
    versions.partner_key,
    versions.chain_key,
    versions.link_key,
    versions.partner_code,
    chains.chain_code,
    industries.industry_code,
    links.link_code,
    versions.partner_name,
    versions.parent_partner_code,
    versions.owner_name,
    versions.status,
    versions.valid_from,
    versions.valid_to,
    versions.is_current
from versions
inner join industries on versions.industry_key = industries.industry_key
inner join links on versions.link_key = links.link_key
left join chains on versions.chain_key = chains.chain_key
