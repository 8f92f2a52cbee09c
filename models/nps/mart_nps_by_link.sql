with

nps_counts as (

    select * from {{ ref('int_nps_counts') }}

),

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

nonresponse as (

    select * from {{ ref('int_link_nonresponse') }}

),

period as (

    select * from {{ ref('int_period') }}

),

by_quarter as (

    select
        chain_link_key,
        quarter_start_on,
        sum(invitations) as invitations,
        sum(delivered) as delivered,
        sum(answered) as answered,
        sum(responses) as responses,
        sum(promoters) as promoters,
        sum(passives) as passives,
        sum(detractors) as detractors
    from nps_counts
    group by all

),

with_period as (

    select
        by_quarter.*,
        -- the verdict publishes totals of the trailing quarters, so that these and all others are two totals
        by_quarter.quarter_start_on between period.trailing_from and period.trailing_to as is_trailing,
        sum(by_quarter.invitations) over (partition by by_quarter.chain_link_key) > 0 as has_invitations
    from by_quarter
    cross join period

),

suppressions as (

    {{ suppressed('with_period', ['chain_link_key', 'quarter_start_on'], ['chain_link_key', 'is_trailing']) }}

),

judged as (

    select
        with_period.*,
        suppressions.suppression_reason,
        suppressions.suppression_reason is not null as is_suppressed
    from with_period
    inner join suppressions
        on
            with_period.chain_link_key = suppressions.chain_link_key
            and with_period.quarter_start_on = suppressions.quarter_start_on

)

select
    judged.chain_link_key,
    chain_links.chain_code,
    chain_links.link_code,
    judged.quarter_start_on,
    {{ nps_figures('judged', 'nonresponse') }},
    judged.is_suppressed,
    judged.suppression_reason
from judged
inner join chain_links on judged.chain_link_key = chain_links.chain_link_key
left join nonresponse
    on
        judged.chain_link_key = nonresponse.chain_link_key
        and judged.quarter_start_on = nonresponse.quarter_start_on
