{#- Kaplan-Meier retention at the industry's window, per quarter of the response. Only quarters whose last response has
    been followed for the whole window: how far a quarter could be followed must not look like a change. -#}
with

retention as (

    select * from {{ ref('fct_retention') }}
    where retention_measure = 'chain'

),

chains as (

    select * from {{ ref('dim_chain') }}

),

period as (

    select * from {{ ref('int_period') }}

),

cohorts as (

    select
        retention.chain_link_key,
        retention.nps_category,
        {{ quarter_start('retention.response_on') }} as quarter_start_on,
        retention.duration_days,
        retention.is_event,
        chains.retention_window_days
    from retention
    inner join chains on retention.chain_key = chains.chain_key

),

followed as (

    select
        cohorts.chain_link_key,
        cohorts.nps_category,
        cohorts.quarter_start_on,
        cohorts.duration_days,
        cohorts.is_event,
        cohorts.retention_window_days,
        count(*) as responses
    from cohorts
    cross join period
    where
        -- the first day of the next quarter, so one day more than the last response needs
        cast({{ dbt.dateadd('month', 3, 'cohorts.quarter_start_on') }} as date)
        <= {{ add_days('period.as_of_on', '1 - cohorts.retention_window_days') }}
    group by all

),

curves as (

    {{ kaplan_meier(
        'followed',
        ['chain_link_key', 'nps_category', 'quarter_start_on', 'retention_window_days'],
        'duration_days',
        'is_event',
        weight='responses',
    ) }}

),

at_window as (

    select
        chain_link_key,
        nps_category,
        quarter_start_on,
        sum(events + censored) as responses,
        sum(case when duration >= retention_window_days then events + censored else 0 end) as at_risk_at_window,
        -- the curve only comes down
        coalesce(min(case when duration <= retention_window_days then survival end), 1) as survival
    from curves
    group by chain_link_key, nps_category, quarter_start_on

)

select
    chain_link_key,
    nps_category,
    quarter_start_on,
    cast(responses as bigint) as responses,
    -- past the last observed day the curve is known only if it has come down to 0
    case when at_risk_at_window > 0 or survival = 0 then 1 - survival end as retention
from at_window
