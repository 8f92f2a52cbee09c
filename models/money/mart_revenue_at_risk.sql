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

detractor_margins as (

    select * from {{ ref('int_detractor_margin') }}

),

replicates as (

    select * from {{ ref('int_category_replicate') }}

),

evidence as (

    select * from {{ ref('int_link_evidence') }}

),

detractors as (

    select
        chain_link_key,
        sum(detractor_customers) as detractor_customers,
        sum(detractor_margin_eur) as observed_margin_eur
    from detractor_margins
    group by chain_link_key

),

intervals as (

    select
        chain_link_key,
        percentile_cont(0.025) within group (order by revenue_at_risk_eur) as revenue_at_risk_ci_low_eur,
        percentile_cont(0.975) within group (order by revenue_at_risk_eur) as revenue_at_risk_ci_high_eur
    from replicates
    where replicate > 0
    group by chain_link_key
    -- quantiles pass over a replicate without a figure
    having count(revenue_at_risk_eur) >= {{ 1 - var('joint_max_failed_share') }} * count(*)

),

judged as (

    select
        chain_links.chain_link_key,
        coalesce(detractors.detractor_customers, 0) as detractor_customers,
        detractors.observed_margin_eur,
        case
            when coalesce(detractors.detractor_customers, 0) < {{ var('min_responses_shown') }}
                then 'fewer than {{ var("min_responses_shown") }} detractors in the period'
            when evidence.missing_evidence is not null then evidence.missing_evidence
            when detractors.observed_margin_eur <= 0 then 'the detractors left no margin in the window'
        end as missing_evidence
    from chain_links
    left join detractors on chain_links.chain_link_key = detractors.chain_link_key
    left join evidence on chain_links.chain_link_key = evidence.chain_link_key

),

weighted as (

    select
        judged.chain_link_key,
        judged.missing_evidence,
        judged.missing_evidence is null as is_sufficient,
        judged.detractor_customers,
        judged.observed_margin_eur,
        replicates.revenue_at_risk_eur,
        {{ money_ratio('replicates.margin_kept_as_promoters_eur', 'judged.observed_margin_eur') }}
            as reference_retention,
        {{ money_ratio('replicates.margin_kept_as_detractors_eur', 'judged.observed_margin_eur') }}
            as detractor_retention
    from judged
    left join replicates on judged.chain_link_key = replicates.chain_link_key and replicates.replicate = 0

),

estimated as (

    select
        *,
        -- a stratum whose margin is negative has a negative weight, and the mean is then no share of anything
        is_sufficient and reference_retention between 0 and 1 and detractor_retention between 0 and 1 as is_share
    from weighted

)

select
    chain_links.chain_link_key,
    chain_links.chain_code,
    chain_links.link_code,
    chain_links.chain_name,
    chain_links.link_name,
    period.trailing_from as period_from,
    period.trailing_to as period_to,
    cast(chains.retention_window_days as integer) as retention_window_days,
    case
        when estimated.detractor_customers >= {{ var('min_responses_shown') }}
            then cast(estimated.detractor_customers as bigint)
    end as detractor_customers,
    case
        when estimated.detractor_customers >= {{ var('min_responses_shown') }}
            then cast(estimated.observed_margin_eur as {{ euros_sum_type() }})
    end as observed_margin_eur,
    case when estimated.is_share then estimated.reference_retention end as reference_retention,
    case when estimated.is_share then estimated.detractor_retention end as detractor_retention,
    case when estimated.is_sufficient then estimated.revenue_at_risk_eur end as revenue_at_risk_eur,
    case when estimated.is_sufficient then intervals.revenue_at_risk_ci_low_eur end as revenue_at_risk_ci_low_eur,
    case when estimated.is_sufficient then intervals.revenue_at_risk_ci_high_eur end as revenue_at_risk_ci_high_eur,
    estimated.missing_evidence
from chain_links
cross join period
inner join chains on chain_links.chain_key = chains.chain_key
inner join estimated on chain_links.chain_link_key = estimated.chain_link_key
left join intervals on chain_links.chain_link_key = intervals.chain_link_key
