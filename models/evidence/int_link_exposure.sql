{#- Who met the link in the trailing quarters: any touchpoint there, scored or not. -#}
with

meetings as (

    select * from {{ ref('int_link_meeting') }}

),

period as (

    select * from {{ ref('int_period') }}

)

select
    meetings.chain_link_key,
    meetings.chain_key,
    meetings.customer_key,
    max(meetings.met_on) as last_met_on
from meetings
cross join period
where meetings.met_on between period.trailing_from and period.trailing_to
group by meetings.chain_link_key, meetings.chain_key, meetings.customer_key
