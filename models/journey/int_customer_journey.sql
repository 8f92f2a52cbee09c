{#- What a customer said of at least two links on the way to one moment, and whether the customer came back after it.
    The moment, the anchor, is the latest response whose retention window was over by the as-of date, or by the end of
    deliveries: that depends on the day alone, so that those who came back are not taken in sooner than those who did not. -#}
with

responses as (

    select * from {{ ref('fct_nps_response') }}
    where customer_key is not null

),

retention as (

    select * from {{ ref('fct_retention') }}
    where retention_measure = 'chain'

),

chains as (

    select * from {{ ref('dim_chain') }}

),

anchors as (

    select
        retention.chain_key,
        retention.customer_key,
        retention.response_on as anchor_on,
        retention.is_event and retention.duration_days <= chains.retention_window_days as is_retained,
        retention.is_event or retention.duration_days >= chains.retention_window_days as is_known
    from retention
    inner join chains on retention.chain_key = chains.chain_key
    where retention.response_on <= {{ add_days('retention.delivered_to', '-chains.retention_window_days') }}
    qualify
        row_number() over (
            partition by retention.chain_key, retention.customer_key
            order by retention.response_on desc, retention.response_key desc
        ) = 1

),

-- each link once, with its latest word, so that the link that asks most often does not outweigh the others
link_scores as (

    select
        anchors.chain_key,
        anchors.customer_key,
        anchors.anchor_on,
        anchors.is_retained,
        responses.link_key,
        responses.response_on,
        responses.response_key,
        responses.score
    from anchors
    inner join responses
        on
            anchors.chain_key = responses.chain_key
            and anchors.customer_key = responses.customer_key
            and anchors.anchor_on >= responses.response_on
            and {{ add_days('anchors.anchor_on', -var('journey_days')) }} < responses.response_on
    -- whose last unit was sold on within the window is lost to sight, not known to stay away
    where anchors.is_known
    qualify
        row_number() over (
            partition by anchors.chain_key, anchors.customer_key, responses.link_key
            order by responses.response_on desc, responses.response_key desc
        ) = 1

),

ordered as (

    select
        *,
        row_number() over (
            partition by chain_key, customer_key
            order by response_on desc, response_key desc
        ) as steps_to_end,
        -- furthest from the middle of the scale, 5; of a worst and a best as far from it, the worst
        row_number() over (
            partition by chain_key, customer_key
            order by abs(2 * score - 10) desc, score asc, link_key asc
        ) as intensity_rank
    from link_scores

),

combined as (

    select
        chain_key,
        customer_key,
        anchor_on,
        is_retained,
        count(*) as links,
        sum(score) as score_sum,
        min(score) as lowest_score,
        max(case when steps_to_end = 1 then score end) as last_score,
        max(case when intensity_rank = 1 then score end) as peak_score
    from ordered
    group by chain_key, customer_key, anchor_on, is_retained
    having count(*) > 1

)

select
    chain_key,
    customer_key,
    anchor_on,
    cast(links as int) as links,
    cast(score_sum as double) / links as mean_score,
    cast(lowest_score as double) as minimum_score,
    cast(last_score as double) as last_score,
    (peak_score + last_score) / 2e0 as peak_end_score,
    is_retained
from combined
