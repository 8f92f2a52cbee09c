{#- Who met the link: any touchpoint there, scored or not. Two spans: the trailing quarters, whose customers are at
    stake, and the span of the same length that ended one retention window before the as-of date, whose customers'
    margin over the window has been seen in full. -#}
with

transactions as (

    select * from {{ ref('fct_transaction') }}
    where customer_key is not null

),

contacts as (

    select * from {{ ref('fct_contact') }}
    where customer_key is not null

),

invitations as (

    select * from {{ ref('fct_survey_invitation') }}
    where customer_key is not null

),

warranty_claims as (

    select * from {{ ref('stg_manufacturer__warranty_claims') }}

),

ownerships as (

    select * from {{ ref('int_customer_ownership') }}

),

chains as (

    select * from {{ ref('dim_chain') }}

),

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

period as (

    select * from {{ ref('int_period') }}

),

erased as (

    select * from {{ ref('int_erased_customer') }}

),

touchpoints as (

    select * from {{ ref('dim_touchpoint') }}

),

spans as (

    select
        chains.chain_key,
        period.trailing_from,
        period.trailing_to,
        {{ add_days('period.trailing_from', '-chains.retention_window_days') }} as reference_from,
        {{ add_days('period.trailing_to', '-chains.retention_window_days') }} as reference_to
    from chains
    cross join period

),

meetings as (

    select
        transactions.customer_key,
        transactions.chain_key,
        touchpoints.link_code,
        transactions.transaction_on as met_on
    from transactions
    inner join touchpoints on transactions.touchpoint_key = touchpoints.touchpoint_key

    union all

    -- a new unit, or any product of the master, is a meeting with its manufacturer
    select
        customer_key,
        chain_key,
        'manufacturer' as link_code,
        transaction_on as met_on
    from transactions
    where transaction_kind in ('new_unit', 'receipt') and product_key is not null

    union all

    select
        customer_key,
        chain_key,
        'importer' as link_code,
        transaction_on as met_on
    from transactions
    where transaction_kind = 'new_unit'

    union all

    select
        customer_key,
        chain_key,
        'contact_centre' as link_code,
        opened_on as met_on
    from contacts

    union all

    select
        invitations.customer_key,
        invitations.chain_key,
        chain_links.link_code,
        invitations.sent_on as met_on
    from invitations
    inner join chain_links on invitations.chain_link_key = chain_links.chain_link_key

    union all

    select
        ownerships.customer_key,
        warranty_claims.chain_key,
        'manufacturer' as link_code,
        warranty_claims.claimed_on as met_on
    from warranty_claims
    inner join ownerships
        on {{ owned_on('warranty_claims.serial_hash', 'warranty_claims.claimed_on', 'ownerships') }}
    left join erased on ownerships.customer_key = erased.customer_key
    where erased.customer_key is null

),

flagged as (

    select
        meetings.customer_key,
        meetings.chain_key,
        meetings.link_code,
        meetings.met_on between spans.trailing_from and spans.trailing_to as is_trailing,
        meetings.met_on between spans.reference_from and spans.reference_to as is_reference
    from meetings
    inner join spans on meetings.chain_key = spans.chain_key
    where meetings.met_on between spans.reference_from and spans.trailing_to

)

select
    chain_links.chain_link_key,
    chain_links.chain_key,
    flagged.customer_key,
    max(case when flagged.is_trailing then 1 else 0 end) as is_trailing,
    max(case when flagged.is_reference then 1 else 0 end) as is_reference
from flagged
inner join chain_links
    on flagged.chain_key = chain_links.chain_key and flagged.link_code = chain_links.link_code
group by chain_links.chain_link_key, chain_links.chain_key, flagged.customer_key
