with

partner_quarters as (

    select * from {{ ref('mart_nps_by_partner') }}

),

partner_trailing as (

    select * from {{ ref('int_partner_trailing') }}

),

period as (

    select * from {{ ref('int_period') }}

)

select
    chain_link_key,
    'quarter' as period_kind,
    quarter_start_on as period_from,
    {{ add_days('cast(' ~ dbt.dateadd('month', 3, 'quarter_start_on') ~ ' as date)', -1) }} as period_to,
    partner_code,
    partner_name,
    suppression_reason,
    responses,
    promoters,
    passives,
    detractors
from partner_quarters

union all

select
    partner_trailing.chain_link_key,
    'trailing' as period_kind,
    period.trailing_from as period_from,
    period.trailing_to as period_to,
    partner_trailing.partner_code,
    partner_trailing.partner_name,
    -- one reason for all: which of the two it is would narrow the hidden figures down
    case
        when partner_trailing.is_suppressed
            then 'fewer than {{ var("min_responses_shown") }} responses, or it would give away a quarter that has'
    end as suppression_reason,
    case when not partner_trailing.is_suppressed then partner_trailing.responses end as responses,
    case when not partner_trailing.is_suppressed then partner_trailing.promoters end as promoters,
    case when not partner_trailing.is_suppressed then partner_trailing.passives end as passives,
    case when not partner_trailing.is_suppressed then partner_trailing.detractors end as detractors
from partner_trailing
cross join period
