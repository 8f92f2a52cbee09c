with

retention as (

    select * from {{ ref('fct_retention') }}

),

followed as (

    select
        chain_link_key,
        nps_category,
        retention_measure,
        duration_days,
        is_event,
        count(*) as responses
    from retention
    group by all

),

curves as (

    {{ kaplan_meier(
        'followed',
        ['chain_link_key', 'nps_category', 'retention_measure'],
        'duration_days',
        'is_event',
        weight='responses',
    ) }}

)

select
    chain_link_key,
    nps_category,
    retention_measure,
    duration as duration_days,
    at_risk,
    events,
    censored,
    survival,
    greenwood_variance
from curves
