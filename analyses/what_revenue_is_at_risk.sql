-- What revenue is at risk with the customers who are detractors now?
-- One row per chain and link over the last four whole quarters, the most first: the margin of its detractors, and what
-- of it goes if they leave as detractors do and not as the others. Null with its reason where the evidence is missing.
select
    chain_name,
    link_name,
    chain_code,
    link_code,
    period_from,
    period_to,
    detractor_customers,
    observed_margin_eur,
    reference_retention,
    detractor_retention,
    revenue_at_risk_eur,
    revenue_at_risk_ci_low_eur,
    revenue_at_risk_ci_high_eur,
    revenue_at_risk_eur / nullif(cast(observed_margin_eur as double), 0) as share_of_margin,
    missing_evidence
from {{ ref('mart_revenue_at_risk') }}
order by revenue_at_risk_eur desc nulls last, chain_code asc, link_code asc
