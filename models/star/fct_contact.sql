{{ config(
    materialized=load_materialization(),
    pre_hook="{{ forget_touched_facts('contact_key', 'opened_on') }}",
) }}

with

contacts as (

    select * from {{ ref('int_contact') }}

),

period as (

    select * from {{ ref('int_period') }}

),

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

partner_versions as (

    select * from {{ ref('int_partner_version') }}

),

touchpoints as (

    select * from {{ ref('dim_touchpoint') }}

),

channels as (

    select * from {{ ref('dim_channel') }}

),

erased as (

    select * from {{ ref('int_erased_customer') }}

)

select
    contacts.contact_key,
    chain_links.chain_key,
    chain_links.link_key,
    chain_links.chain_link_key,
    partner_versions.partner_key,
    contacts.customer_key,
    touchpoints.touchpoint_key,
    coalesce(channels.channel_key, 0) as channel_key,
    contacts.contact_no,
    -- a code, never a sentence somebody typed
    {{ code_or_other('contacts.reason') }} as reason_code,
    contacts.opened_on,
    contacts.opened_at,
    contacts.closed_at,
    contacts.resolved as is_resolved,
    contacts.transfers,
    contacts.cost_eur
from contacts
cross join period
inner join chain_links
    on contacts.chain_key = chain_links.chain_key and contacts.link_key = chain_links.link_key
inner join partner_versions
    on
        contacts.partner_code = partner_versions.partner_code
        and contacts.opened_on between partner_versions.assigned_from and partner_versions.assigned_to
inner join touchpoints on contacts.touchpoint_code = touchpoints.touchpoint_code
left join channels on contacts.channel = channels.channel_code
where
    contacts.opened_on <= period.as_of_on
    and not exists (
        select 1 from erased
        where erased.customer_key = contacts.customer_key
    )
    and {{ is_touched_fact('contacts.contact_key', 'contacts.opened_on', 'contacts.chain_key') }}
