{#- Who met the link: any touchpoint there, scored or not. Two spans: the trailing quarters, whose customers are at
    stake, and the span of the same length that ended one retention window before the as-of date, whose customers'
    margin over the window has been seen in full. -#}
with

meetings as (

    select * from {{ ref('int_link_meeting') }}

),

chains as (

    select * from {{ ref('dim_chain') }}

),

period as (

    select * from {{ ref('int_period') }}

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

flagged as (

    select
        meetings.chain_link_key,
        meetings.chain_key,
        meetings.customer_key,
        meetings.met_on,
        meetings.met_on between spans.trailing_from and spans.trailing_to as is_trailing,
        meetings.met_on between spans.reference_from and spans.reference_to as is_reference
    from meetings
    inner join spans on meetings.chain_key = spans.chain_key
    where meetings.met_on between spans.reference_from and spans.trailing_to

)

select
    chain_link_key,
    chain_key,
    customer_key,
    max(case when is_trailing then 1 else 0 end) as is_trailing,
    max(case when is_reference then 1 else 0 end) as is_reference,
    max(met_on) as last_met_on
from flagged
group by chain_link_key, chain_key, customer_key
