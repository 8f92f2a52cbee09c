with

curves as (

    select * from {{ ref('int_retention_curve') }}

),

chains as (

    select * from {{ ref('dim_chain') }}

),

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

horizons as (

    select * from {{ ref('retention_horizons') }}

),

link_horizons as (

    select
        chain_links.chain_link_key,
        chain_links.chain_code,
        chain_links.link_code,
        horizons.horizon_days,
        horizons.horizon_days = chains.retention_window_days as is_retention_window
    from chain_links
    inner join chains on chain_links.chain_key = chains.chain_key
    inner join horizons on chains.industry_code = horizons.industry_code

),

categories as (

    select 'promoter' as nps_category
    union all
    select 'passive' as nps_category
    union all
    select 'detractor' as nps_category

),

measured_links as (

    select distinct
        chain_link_key,
        retention_measure
    from curves

),

-- every category of a link that has any, so that an empty one is seen to be empty
cells as (

    select
        link_horizons.*,
        categories.nps_category,
        measured_links.retention_measure
    from measured_links
    inner join link_horizons on measured_links.chain_link_key = link_horizons.chain_link_key
    cross join categories

),

curves_to_horizon as (

    select
        curves.*,
        link_horizons.horizon_days,
        curves.duration_days <= link_horizons.horizon_days as is_within
    from curves
    inner join link_horizons on curves.chain_link_key = link_horizons.chain_link_key

),

counted as (

    select
        chain_link_key,
        nps_category,
        retention_measure,
        horizon_days,
        sum(events + censored) as at_risk_at_start,
        sum(case when duration_days >= horizon_days then events + censored else 0 end) as at_risk_at_horizon,
        sum(case when is_within then events else 0 end) as events,
        sum(case when duration_days < horizon_days then censored else 0 end) as censored
    from curves_to_horizon
    group by all

),

at_horizon as (

    select
        chain_link_key,
        nps_category,
        retention_measure,
        horizon_days,
        survival,
        greenwood_variance
    from curves_to_horizon
    where is_within
    qualify
        row_number() over (
            partition by chain_link_key, nps_category, retention_measure, horizon_days
            order by duration_days desc
        ) = 1

),

estimated as (

    select
        counted.chain_link_key,
        counted.nps_category,
        counted.retention_measure,
        counted.horizon_days,
        counted.at_risk_at_start,
        counted.at_risk_at_horizon,
        counted.events,
        counted.censored,
        -- nobody left before the horizon: the curve still stands at 1
        coalesce(at_horizon.survival, 1) as survival,
        case when at_horizon.survival is null then 0 else at_horizon.greenwood_variance end as greenwood_variance,
        -- past the last observed day the curve is known only if it has come down to 0
        counted.at_risk_at_horizon > 0 or coalesce(at_horizon.survival, 1) = 0 as is_known
    from counted
    left join at_horizon
        on
            counted.chain_link_key = at_horizon.chain_link_key
            and counted.nps_category = at_horizon.nps_category
            and counted.retention_measure = at_horizon.retention_measure
            and counted.horizon_days = at_horizon.horizon_days

),

exits as (

    select
        chain_link_key,
        nps_category,
        retention_measure,
        horizon_days,
        duration_days,
        true as is_event,
        events as responses
    from curves_to_horizon

    union all

    select
        chain_link_key,
        nps_category,
        retention_measure,
        horizon_days,
        duration_days,
        false as is_event,
        censored as responses
    from curves_to_horizon

),

log_ranks as (

    {{ log_rank(
        'exits',
        ['chain_link_key', 'retention_measure', 'horizon_days'],
        'nps_category',
        'duration_days',
        'is_event',
        'horizon_days',
        weight='responses',
    ) }}

),

joined as (

    select
        cells.chain_link_key,
        cells.chain_code,
        cells.link_code,
        cells.nps_category,
        cells.retention_measure,
        cells.horizon_days,
        cells.is_retention_window,
        estimated.at_risk_at_horizon,
        estimated.events,
        estimated.censored,
        estimated.survival,
        estimated.greenwood_variance,
        estimated.is_known,
        log_ranks.chi2,
        log_ranks.df,
        log_ranks.p,
        coalesce(estimated.at_risk_at_start, 0) as at_risk_at_start
    from cells
    left join estimated
        on
            cells.chain_link_key = estimated.chain_link_key
            and cells.nps_category = estimated.nps_category
            and cells.retention_measure = estimated.retention_measure
            and cells.horizon_days = estimated.horizon_days
    left join log_ranks
        on
            cells.chain_link_key = log_ranks.chain_link_key
            and cells.retention_measure = log_ranks.retention_measure
            and cells.horizon_days = log_ranks.horizon_days

),

judged as (

    select
        *,
        at_risk_at_start < {{ var('min_responses_shown') }} as is_suppressed,
        -- a statistic of all categories tells about a hidden one; an empty one has nothing to tell
        max(
            case when at_risk_at_start between 1 and {{ var('min_responses_shown') }} - 1 then 1 else 0 end
        ) over (partition by chain_link_key, retention_measure, horizon_days) = 1 as is_test_suppressed
    from joined

)

select
    chain_link_key,
    chain_code,
    link_code,
    nps_category,
    retention_measure,
    horizon_days,
    is_retention_window,
    case when not is_suppressed then cast(at_risk_at_start as bigint) end as at_risk_at_start,
    case when not is_suppressed then cast(at_risk_at_horizon as bigint) end as at_risk_at_horizon,
    case when not is_suppressed then cast(events as bigint) end as events,
    case when not is_suppressed then cast(censored as bigint) end as censored,
    case when not is_suppressed and is_known then 1 - survival end as retention,
    case when not is_suppressed and is_known then sqrt(greenwood_variance) end as retention_se,
    case when not is_suppressed and is_known then {{ retention_ci_low('survival', 'greenwood_variance') }} end
        as retention_ci_low,
    case when not is_suppressed and is_known then {{ retention_ci_high('survival', 'greenwood_variance') }} end
        as retention_ci_high,
    case when not is_test_suppressed then chi2 end as log_rank_chi2,
    case when not is_test_suppressed then cast(df as int) end as log_rank_df,
    case when not is_test_suppressed then p end as log_rank_p,
    is_suppressed,
    case when is_suppressed then 'fewer than {{ var("min_responses_shown") }} responses' end as suppression_reason
from judged
