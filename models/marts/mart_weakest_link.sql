with

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

chains as (

    select * from {{ ref('dim_chain') }}

),

period as (

    select * from {{ ref('int_period') }}

),

responses as (

    select * from {{ ref('fct_nps_response') }}

),

benchmarks as (

    select * from {{ ref('stg_chain__benchmarks') }}

),

retention as (

    select * from {{ ref('mart_retention_by_nps_category') }}
    where retention_measure = 'chain' and is_retention_window

),

estimates as (

    select * from {{ ref('int_link_replicate') }}
    where replicate = 0

),

verdicts as (

    select * from {{ ref('int_link_verdict') }}

),

trailing_counts as (

    select
        responses.chain_link_key,
        count(*) as responses,
        sum(responses.is_promoter) as promoters,
        sum(responses.is_detractor) as detractors
    from responses
    cross join period
    where responses.response_on between period.trailing_from and period.trailing_to
    group by responses.chain_link_key

),

-- A total under the limit is hidden like any other.
shown as (

    select
        chain_link_key,
        responses,
        promoters,
        detractors
    from trailing_counts
    where responses >= {{ var('min_responses_shown') }}

),

category_retention as (

    select
        chain_link_key,
        max(retention) filter (where nps_category = 'promoter') as promoter_retention,
        max(retention) filter (where nps_category = 'detractor') as detractor_retention
    from retention
    group by chain_link_key

),

benchmarks_of_year as (

    select
        benchmarks.chain_key * 10 + benchmarks.link_key as chain_link_key,
        benchmarks.nps as benchmark_nps
    from benchmarks
    cross join period
    where benchmarks.year = extract(year from period.trailing_to)

)

select
    chain_links.chain_link_key,
    chain_links.chain_code,
    chain_links.link_code,
    chain_links.chain_name,
    chain_links.link_name,
    cast(chain_links.link_position as integer) as link_position,
    period.trailing_from as period_from,
    period.trailing_to as period_to,
    period.as_of_on,
    cast(chains.retention_window_days as integer) as retention_window_days,
    cast(shown.responses as bigint) as responses,
    {{ nps('shown.promoters', 'shown.detractors', 'shown.responses') }} as nps,
    {{ nps_ci_low('shown.promoters', 'shown.detractors', 'shown.responses') }} as nps_ci_low,
    {{ nps_ci_high('shown.promoters', 'shown.detractors', 'shown.responses') }} as nps_ci_high,
    cast(benchmarks_of_year.benchmark_nps as double) as benchmark_nps,
    {{ nps('shown.promoters', 'shown.detractors', 'shown.responses') }}
    - cast(benchmarks_of_year.benchmark_nps as double) as gap_to_benchmark,
    category_retention.promoter_retention,
    category_retention.detractor_retention,
    cast(coalesce(estimates.exposed, 0) as bigint) as exposed_customers,
    case when verdicts.missing_evidence is null then estimates.excess_loss end as excess_loss,
    verdicts.excess_loss_ci_low,
    verdicts.excess_loss_ci_high,
    case when verdicts.missing_evidence is null then estimates.margin_per_retained_eur end as margin_per_retained_eur,
    case when verdicts.missing_evidence is null then estimates.value_at_stake_eur end as value_at_stake_eur,
    verdicts.value_at_stake_ci_low_eur,
    verdicts.value_at_stake_ci_high_eur,
    verdicts.p_weakest,
    verdicts.verdict,
    case
        when verdicts.missing_evidence is not null then verdicts.missing_evidence
        when verdicts.links_compared < 2 then 'no other link of the chain can be compared with it'
        when verdicts.verdict = 'cannot_tell'
            then concat(
                'in ', {{ whole_percent('1 - verdicts.p_any') }}, ' of the replicates no link loses anything'
            )
        when verdicts.verdict = 'weakest'
            then
                concat(
                    'loses most in ',
                    {{ whole_percent('verdicts.p_weakest') }},
                    ' of the replicates (one by one, crude)'
                )
        when verdicts.verdict = 'candidate'
            then
                concat(
                    'loses most in ',
                    {{ whole_percent('verdicts.p_weakest') }},
                    ' of the replicates (one by one, crude); no link reaches ',
                    '{{ (var("p_weakest_threshold") * 100) | int }} % alone'
                )
        else
            concat(
                'loses most in ', {{ whole_percent('verdicts.p_weakest') }}, ' of the replicates (one by one, crude)'
            )
    end as verdict_reason
from chain_links
cross join period
inner join chains on chain_links.chain_key = chains.chain_key
inner join verdicts on chain_links.chain_link_key = verdicts.chain_link_key
left join shown on chain_links.chain_link_key = shown.chain_link_key
left join category_retention on chain_links.chain_link_key = category_retention.chain_link_key
left join estimates on chain_links.chain_link_key = estimates.chain_link_key
left join benchmarks_of_year on chain_links.chain_link_key = benchmarks_of_year.chain_link_key
