-- Which link is the weakest, and how sure is that?
-- One row per chain and link over the last four whole quarters; in each chain the link that loses most comes first.
-- p_weakest is the probability that no other link loses more; `verdict` says whether that is enough to name the link.
select
    chain_name,
    link_name,
    chain_code,
    link_code,
    period_from,
    period_to,
    responses,
    nps,
    nps_ci_low,
    nps_ci_high,
    value_at_stake_eur,
    value_at_stake_eur_ci_low,
    value_at_stake_eur_ci_high,
    p_weakest,
    verdict,
    is_certain,
    is_disputed,
    verdict_reason
from {{ ref('mart_weakest_link') }}
order by chain_code asc, value_at_stake_eur desc nulls last, link_position asc
