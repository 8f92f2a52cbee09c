with

evidence as (

    select * from {{ ref('int_link_evidence') }}

),

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

replicates as (

    select * from {{ ref('int_loss_replicate') }}
    where replicate > 0

),

-- Links are compared in the replicates that give all of them a figure.
compared as (

    select
        replicates.*,
        chain_links.link_position,
        count(*) over (partition by replicates.chain_key, replicates.replicate)
        = count(replicates.value_at_stake_eur) over (partition by replicates.chain_key, replicates.replicate)
            as is_complete
    from replicates
    inner join chain_links on replicates.chain_link_key = chain_links.chain_link_key

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
        cast(sum(case when is_complete and is_largest then 1 else 0 end) as double)
        / nullif(sum(case when is_complete then 1 else 0 end), 0) as p_weakest,
        cast(sum(case when is_complete then 0 else 1 end) as double) / count(*) as failed_share,
        {%- for figure in link_loss_figures() %}
            percentile_cont(0.025) within group (order by {{ figure }}) as {{ figure }}_ci_low,
            percentile_cont(0.975) within group (order by {{ figure }}) as {{ figure }}_ci_high
            {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from ranked
    group by chain_link_key, chain_key, link_position

),

cumulated as (

    select
        *,
        count(*) over (partition by chain_key) as links_compared,
        sum(p_weakest) over (partition by chain_key) as p_any,
        max(value_at_stake_eur_ci_low) over (partition by chain_key) as surest_loss_eur,
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

),

judged as (

    select
        evidence.chain_link_key,
        case
            when evidence.missing_evidence is not null then evidence.missing_evidence
            when cumulated.links_compared < 2 then 'no other link of the chain can be compared with it'
            when cumulated.failed_share > {{ var('joint_max_failed_share') }}
                then 'many bootstrap replicates give a link of the chain no figure'
            when cumulated.p_any < {{ var('p_weakest_threshold') }}
                then
                    concat(
                        'in ', {{ whole_percent('1 - cumulated.p_any') }}, ' of the replicates no link loses anything'
                    )
            when cumulated.surest_loss_eur <= 0
                then 'the loss of no link can be told from chance: every interval holds 0'
        end as cannot_tell_reason,
        evidence.is_sufficient,
        cumulated.p_weakest,
        cumulated.p_ahead,
        {%- for figure in link_loss_figures() %}
            cumulated.{{ figure }}_ci_low,
            cumulated.{{ figure }}_ci_high{% if not loop.last %},{% endif %}
        {%- endfor %}
    from evidence
    left join cumulated on evidence.chain_link_key = cumulated.chain_link_key

)

select
    chain_link_key,
    is_sufficient,
    cannot_tell_reason,
    p_weakest,
    {%- for figure in link_loss_figures() %}
        {{ figure }}_ci_low,
        {{ figure }}_ci_high,
    {%- endfor %}
    case
        when cannot_tell_reason is not null then 'cannot_tell'
        when p_weakest >= {{ var('p_weakest_threshold') }} then 'weakest'
        when p_ahead < {{ var('p_weakest_threshold') }} then 'candidate'
        else 'not_weakest'
    end as verdict,
    cannot_tell_reason is null and p_weakest >= {{ var('p_weakest_certain') }} as is_certain
from judged
