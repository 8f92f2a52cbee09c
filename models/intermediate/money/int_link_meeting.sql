{{ config(materialized='view') }}

{#- Every meeting of a customer with a link, scored or not. A view: one list of what a meeting is, and none of its rows
    are written. The transactions are read three times, since DuckDB keeps a copy of what a view's CTE that is read
    twice holds. -#}
with

transactions as (

    select * from {{ ref('fct_transaction') }}
    where customer_key is not null

),

product_purchases as (

    select * from {{ ref('fct_transaction') }}
    where customer_key is not null and transaction_kind in ('new_unit', 'receipt') and product_key is not null

),

new_units as (

    select * from {{ ref('fct_transaction') }}
    where customer_key is not null and transaction_kind = 'new_unit'

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

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

erased as (

    select * from {{ ref('int_erased_customer') }}

),

touchpoints as (

    select * from {{ ref('dim_touchpoint') }}

),

period as (

    select * from {{ ref('int_period') }}

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
    from product_purchases

    union all

    select
        customer_key,
        chain_key,
        'importer' as link_code,
        transaction_on as met_on
    from new_units

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

)

select
    chain_links.chain_link_key,
    chain_links.chain_key,
    chain_links.link_code,
    meetings.customer_key,
    meetings.met_on
from meetings
cross join period
inner join chain_links
    on meetings.chain_key = chain_links.chain_key and meetings.link_code = chain_links.link_code
where meetings.met_on <= period.as_of_on
