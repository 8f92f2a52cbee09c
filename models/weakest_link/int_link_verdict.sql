with

evidence as (

    select * from {{ ref('int_link_evidence') }}

),

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

exposed as (

    select chain_link_key from {{ ref('int_link_replicate') }}
    where replicate = 0 and exposed > 0

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
            as is_complete,
        max(replicates.value_at_stake_eur) over (partition by replicates.chain_key, replicates.replicate) <= 0
        and max(replicates.attributable_lost_customers)
            over (partition by replicates.chain_key, replicates.replicate)
        > 0
            as is_without_margin
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
        sum(case when is_complete and is_largest then 1 else 0 end) as times_largest,
        sum(case when is_complete then 1 else 0 end) as times,
        sum(case when is_complete and is_without_margin then 1 else 0 end) as times_without_margin,
        cast(sum(case when is_complete then 0 else 1 end) as double) / count(*) as failed_share,
        {%- for figure in link_loss_figures() %}
            percentile_cont(0.025) within group (order by {{ figure }}) as {{ figure }}_ci_low,
            percentile_cont(0.975) within group (order by {{ figure }}) as {{ figure }}_ci_high
            {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from ranked
    group by chain_link_key, chain_key, link_position

),

-- Thresholds are held against whole numbers: 0.7 and 0.1 as fractions add up to less than 0.8.
cumulated as (

    select
        *,
        count(*) over (partition by chain_key) as links_compared,
        sum(times_largest) over (partition by chain_key) as times_any,
        -- how often one of the links ahead of this one is the largest
        coalesce(
            sum(times_largest) over (
                partition by chain_key
                order by times_largest desc, link_position asc
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as times_ahead
    from summarised

),

placed as (

    select
        *,
        times_ahead < {{ var('p_weakest_threshold') }} * times as is_among_first,
        max(case when times_ahead < {{ var('p_weakest_threshold') }} * times then value_at_stake_eur_ci_low end) over (
            partition by chain_key
        ) as surest_loss_eur
    from cumulated

),

judged as (

    select
        evidence.chain_link_key,
        case
            when evidence.missing_evidence_code is not null then evidence.missing_evidence_code
            when placed.links_compared < 2 then 'no_other_link'
            when placed.failed_share > {{ var('joint_max_failed_share') }} then 'unstable'
            -- customers are lost, and their margin is 0 or less
            when
                placed.times_any < {{ var('p_weakest_threshold') }} * placed.times
                and placed.times_without_margin > placed.times - placed.times_any - placed.times_without_margin
                then 'no_margin'
            when placed.times_any < {{ var('p_weakest_threshold') }} * placed.times then 'no_loss'
            when placed.surest_loss_eur <= 0 then 'within_chance'
        end as cannot_tell_code,
        placed.times_without_margin / cast(nullif(placed.times, 0) as double) as p_no_margin,
        1 - placed.times_any / cast(nullif(placed.times, 0) as double) as p_no_loss,
        evidence.is_sufficient,
        placed.times_largest,
        placed.times,
        placed.is_among_first,
        placed.times_largest / cast(nullif(placed.times, 0) as double) as p_weakest,
        -- every link that customers meet, that is
        min(case when evidence.is_sufficient or exposed.chain_link_key is null then 1 else 0 end) over (
            partition by chain_links.chain_key
        ) = 1 as is_every_link_compared,
        {%- for figure in link_loss_figures() %}
            placed.{{ figure }}_ci_low,
            placed.{{ figure }}_ci_high{% if not loop.last %},{% endif %}
        {%- endfor %}
    from evidence
    inner join chain_links on evidence.chain_link_key = chain_links.chain_link_key
    left join exposed on evidence.chain_link_key = exposed.chain_link_key
    left join placed on evidence.chain_link_key = placed.chain_link_key

),

decided as (

    select
        *,
        case
            when cannot_tell_code is not null then 'cannot_tell'
            when times_largest >= {{ var('p_weakest_threshold') }} * times then 'weakest'
            when is_among_first then 'candidate'
            else 'not_weakest'
        end as verdict,
        -- of a link that nobody could compare, nobody knows what it loses
        cannot_tell_code is null
        and times_largest >= {{ var('p_weakest_certain') }} * times
        and is_every_link_compared as is_certain
    from judged

)

select
    chain_link_key,
    is_sufficient,
    p_weakest,
    {%- for figure in link_loss_figures() %}
        {{ figure }}_ci_low,
        {{ figure }}_ci_high,
    {%- endfor %}
    verdict,
    is_certain,
    case
        when cannot_tell_code is not null then cannot_tell_code
        when verdict = 'candidate' then 'candidate_link'
        when verdict = 'not_weakest' then 'not_weakest'
        when is_certain then 'weakest_certain'
        when is_every_link_compared then 'weakest_probable'
        else 'weakest_of_compared'
    end as verdict_reason_code,
    case cannot_tell_code
        when 'no_margin' then p_no_margin
        when 'no_loss' then p_no_loss
        else p_weakest
    end as verdict_reason_share
from decided
