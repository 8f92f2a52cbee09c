-- Which partners stand below the rest of their network, and is it more than chance?
-- One row per link and partner whose standing is below over the last four whole quarters, the surest first. Compared
-- like for like (survey, survey mode, tenure, segment): adjustment is what that adds to the raw nps. q_value counts
-- that many partners were looked at. It describes answers and is no verdict on why.
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
    adjustment,
    adjusted_nps,
    rest_nps,
    difference_from_rest as distance,
    standing,
    q_value,
    shrunken_nps,
    shrunken_nps_ci_low,
    shrunken_nps_ci_high,
    expected_rank,
    rank_low,
    rank_high,
    ranked_partners,
    p_worst
from {{ ref('mart_partner_ranking') }}
where
    period_kind = 'trailing'
    and standing = 'below'
order by q_value, chain_code, link_code, partner_code
