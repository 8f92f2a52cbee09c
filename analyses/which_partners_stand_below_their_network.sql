-- Which partners stand below the rest of their network, and is it more than chance?
-- One row per link and ranked partner below the others over the last four whole quarters, the surest first. q_value
-- counts that many partners were looked at; where it is no finding, chance can explain the distance. A rank describes
-- answers and is no verdict on why.
select
    chain_code,
    link_code,
    partner_code,
    partner_name,
    period_from,
    period_to,
    responses,
    nps,
    nps_ci_low,
    nps_ci_high,
    rest_nps,
    nps - rest_nps as distance,
    shrunken_nps,
    shrunken_nps_ci_low,
    shrunken_nps_ci_high,
    q_value,
    coalesce(q_value <= {{ var('false_discovery_rate') }}, false) as is_more_than_chance,
    expected_rank,
    ranked_partners,
    p_worst
from {{ ref('mart_partner_ranking') }}
where
    period_kind = 'trailing'
    and is_rankable
    and nps < rest_nps
order by q_value, chain_code, link_code, partner_code
