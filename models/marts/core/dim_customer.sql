with

customer_chains as (

    select * from {{ ref('int_customer_chain') }}

),

contacts as (

    select * from {{ ref('fct_contact') }}

),

invitations as (

    select * from {{ ref('fct_survey_invitation') }}

),

erased as (

    select * from {{ ref('int_erased_customer') }}

),

seen as (

    select
        customer_key,
        chain_key,
        first_on as seen_on,
        segment
    from customer_chains
    union all
    select
        customer_key,
        chain_key,
        opened_on as seen_on,
        'unknown' as segment
    from contacts
    union all
    select
        customer_key,
        chain_key,
        sent_on as seen_on,
        'unknown' as segment
    from invitations

)

select
    seen.customer_key,
    coalesce(min(seen.segment) filter (where seen.segment != 'unknown'), 'unknown') as segment,
    count(distinct seen.chain_key) as chains_met,
    min(seen.seen_on) as first_seen_on
from seen
left join erased on seen.customer_key = erased.customer_key
where seen.customer_key is not null and erased.customer_key is null
group by seen.customer_key
