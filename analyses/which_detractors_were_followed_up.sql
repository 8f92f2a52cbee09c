-- Which detractors were followed up, how fast, and what came of it?
-- One row per chain and link with detractors who answered in the last four whole quarters, from the facts: links with
-- too few of them to be shown are left out. Who is called is not drawn by lot, so this doesn't say whether it helped.
with

period as (

    select
        max(period_from) as period_from,
        max(period_to) as period_to
    from {{ ref('mart_weakest_link') }}

),

detractors as (

    select
        responses.chain_link_key,
        count(*) as detractors,
        count(follow_ups.follow_up_key) as followed_up,
        count(follow_ups.closed_on) as closed,
        sum(case when follow_ups.outcome = 'resolved' then 1 else 0 end) as resolved,
        sum(case when follow_ups.outcome = 'unresolved' then 1 else 0 end) as unresolved,
        sum(case when follow_ups.outcome = 'not_reached' then 1 else 0 end) as not_reached,
        percentile_cont(0.5) within group (order by follow_ups.days_to_close) as median_days_to_close
    from {{ ref('fct_nps_response') }} as responses
    inner join period on responses.response_on between period.period_from and period.period_to
    left join {{ ref('fct_follow_up') }} as follow_ups on responses.response_key = follow_ups.response_key
    where responses.is_detractor = 1
    group by responses.chain_link_key

)

select
    links.chain_name,
    links.link_name,
    links.chain_code,
    links.link_code,
    detractors.detractors,
    detractors.followed_up,
    cast(detractors.followed_up as double) / detractors.detractors as share_followed_up,
    detractors.closed,
    detractors.resolved,
    detractors.unresolved,
    detractors.not_reached,
    detractors.median_days_to_close
from detractors
inner join {{ ref('dim_chain_link') }} as links on detractors.chain_link_key = links.chain_link_key
where detractors.detractors >= {{ var('min_responses_shown') }}
order by links.chain_code, links.link_position
