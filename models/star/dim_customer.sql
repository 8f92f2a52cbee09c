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

),

-- once per chain first, since a distinct count of every mention is dear
met as (

    select
        customer_key,
        chain_key,
        min(segment) filter (where segment != 'unknown') as segment,
        min(seen_on) as seen_on
    from seen
    where customer_key is not null
    group by customer_key, chain_key

)

select
    met.customer_key,
    coalesce(min(met.segment), 'unknown') as segment,
    count(met.chain_key) as chains_met,
    min(met.seen_on) as first_seen_on
from met
left join erased on met.customer_key = erased.customer_key
where erased.customer_key is null
group by met.customer_key
