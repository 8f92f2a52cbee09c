{{ config(materialized='view') }}

{#- Every meeting of a customer with a link, scored or not. A view: one list of what a meeting is, and none of its rows
    are written. The transactions are read twice, since DuckDB keeps a copy of what a view's CTE that is read twice
    holds. -#}
with

transactions as (

    select * from {{ ref('fct_transaction') }}
    where customer_key is not null

),

purchases as (

    select * from {{ ref('fct_transaction') }}
    where customer_key is not null

),

purchase_meetings as (

    select * from {{ ref('purchase_meetings') }}

),

contacts as (

    select * from {{ ref('fct_contact') }}
    where customer_key is not null

),

invitations as (

    select * from {{ ref('fct_survey_invitation') }}
    where customer_key is not null

),

links as (

    select * from {{ ref('links') }}

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

    -- whoever made or brought in what is bought is met with the purchase (seed purchase_meetings)
    select
        purchases.customer_key,
        purchases.chain_key,
        purchase_meetings.link_code,
        purchases.transaction_on as met_on
    from purchases
    inner join purchase_meetings on purchases.transaction_kind = purchase_meetings.transaction_kind
    where purchases.product_key is not null or not purchase_meetings.is_with_product

    union all

    select
        contacts.customer_key,
        contacts.chain_key,
        links.link_code,
        contacts.opened_on as met_on
    from contacts
    inner join links on contacts.link_key = links.link_key

    union all

    select
        invitations.customer_key,
        invitations.chain_key,
        chain_links.link_code,
        invitations.sent_on as met_on
    from invitations
    inner join chain_links on invitations.chain_link_key = chain_links.chain_link_key

    {% for dataset in datasets_of('event') if landing_dataset(dataset)['touchpoint'] -%}
        union all

        -- an event of a unit is a meeting of whoever owns it that day
        select
            ownerships.customer_key,
            events.chain_key,
            links.link_code,
            events.{{ day_of(dataset) }} as met_on
        from {{ ref('stg_' ~ dataset) }} as events
        inner join links on events.link_key = links.link_key
        inner join ownerships
            on {{ owned_on(identity_or_null(dataset, 'serial', 'events'), 'events.' ~ day_of(dataset), 'ownerships') }}
        left join erased on ownerships.customer_key = erased.customer_key
        where erased.customer_key is null
    {% endfor %}
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
