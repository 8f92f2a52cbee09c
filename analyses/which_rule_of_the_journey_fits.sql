-- Which rule of the journey fits: does the mean, the lowest, the last or the peak and end of a customer's scores
-- foretell best who comes back?
-- One row per chain and rule, the best first. auc 0.5 is a coin; `verdict` says whether one rule beats every other.
select
    chain_code,
    journey_rule,
    max(retention_window_days) as window_days,
    max(journeys) as journeys,
    max(retained) as retained,
    max(auc) as auc,
    max(auc_ci_low) as auc_ci_low,
    max(auc_ci_high) as auc_ci_high,
    -- against the rule that is hardest to tell from it
    max(q) as largest_q,
    max(is_best_rule) as is_best_rule,
    max(verdict) as verdict,
    max(verdict_reason) as verdict_reason
from {{ ref('mart_journey_rule') }}
group by chain_code, journey_rule
order by chain_code asc, auc desc nulls last, journey_rule asc
