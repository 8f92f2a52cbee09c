-- What is the NPS of each partner in the last whole quarter, and how much does it rest on?
-- One row per link and partner. A partner whose figures are hidden is listed with the reason; a mean over the shown
-- ones is not the link's NPS.
with

period as (

    select max(period_to) as last_whole_day
    from {{ ref('mart_weakest_link') }}

),

last_quarter as (

    select dates.quarter_start_on
    from {{ ref('dim_date') }} as dates
    inner join period on dates.date_day = period.last_whole_day

)

select
    partners.chain_code,
    partners.link_code,
    partners.partner_code,
    partners.partner_name,
    partners.quarter_start_on,
    partners.responses,
    partners.response_rate,
    partners.nps,
    partners.nps_ci_low,
    partners.nps_ci_high,
    partners.evidence,
    partners.is_suppressed,
    partners.suppression_reason
from {{ ref('mart_nps_by_partner') }} as partners
inner join last_quarter on partners.quarter_start_on = last_quarter.quarter_start_on
order by partners.chain_code asc, partners.link_code asc, partners.nps desc nulls last, partners.partner_code asc
