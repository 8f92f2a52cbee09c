with

evidence as (

    select * from {{ ref('int_link_evidence') }}

),

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

replicates as (

    select * from {{ ref('int_link_replicate') }}

),

compared as (

    select
        chain_links.chain_key,
        chain_links.link_position,
        replicates.*
    from replicates
    inner join chain_links on replicates.chain_link_key = chain_links.chain_link_key
    inner join evidence on replicates.chain_link_key = evidence.chain_link_key
    where evidence.is_sufficient

),

-- The link that loses most in a replicate; none where no link loses anything.
ranked as (

    select
        *,
        row_number() over (
            partition by chain_key, replicate order by value_at_stake_eur desc, link_position asc
        ) = 1 and value_at_stake_eur > 0 as is_largest
    from compared

),

summarised as (

    select
        chain_link_key,
        chain_key,
        link_position,
        cast(sum(case when is_largest then 1 else 0 end) as double) / count(*) as p_weakest,
        percentile_cont(0.025) within group (order by value_at_stake_eur) as value_at_stake_ci_low_eur,
        percentile_cont(0.975) within group (order by value_at_stake_eur) as value_at_stake_ci_high_eur,
        percentile_cont(0.025) within group (order by excess_loss) as excess_loss_ci_low,
        percentile_cont(0.975) within group (order by excess_loss) as excess_loss_ci_high
    from ranked
    where replicate > 0
    group by chain_link_key, chain_key, link_position

),

cumulated as (

    select
        *,
        count(*) over (partition by chain_key) as links_compared,
        sum(p_weakest) over (partition by chain_key) as p_any,
        -- what the links ahead of this one reach together
        coalesce(
            sum(p_weakest) over (
                partition by chain_key
                order by p_weakest desc, link_position asc
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as p_ahead
    from summarised

)

select
    evidence.chain_link_key,
    evidence.missing_evidence,
    cumulated.links_compared,
    cumulated.p_any,
    cumulated.p_weakest,
    cumulated.value_at_stake_ci_low_eur,
    cumulated.value_at_stake_ci_high_eur,
    cumulated.excess_loss_ci_low,
    cumulated.excess_loss_ci_high,
    case
        when not evidence.is_sufficient then 'cannot_tell'
        when cumulated.links_compared < 2 then 'cannot_tell'
        when cumulated.p_any < {{ var('p_weakest_threshold') }} then 'cannot_tell'
        when cumulated.p_weakest >= {{ var('p_weakest_threshold') }} then 'weakest'
        when cumulated.p_ahead < {{ var('p_weakest_threshold') }} then 'candidate'
        else 'not_weakest'
    end as verdict
from evidence
left join cumulated on evidence.chain_link_key = cumulated.chain_link_key
