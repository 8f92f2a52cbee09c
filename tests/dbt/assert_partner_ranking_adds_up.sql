-- Networks whose ranks are not those of some order, whose last place is not shared out wholly, or that rank somebody
-- without a difference between partners; ranks outside their interval; standings that a figure contradicts; and hidden
-- rows with a figure.
with

ranking as (

    select * from {{ ref('mart_partner_ranking') }}

)

select
    chain_link_key,
    period_kind,
    period_from,
    count(*) as partners
from ranking
group by chain_link_key, period_kind, period_from
having
    abs(coalesce(sum(p_worst), 1) - 1) > 1e-6
    or abs(sum(expected_rank) - cast(max(ranked_partners) * (max(ranked_partners) + 1) as double) / 2) > 1e-6
    or coalesce(max(ranked_partners), 0) != sum(case when is_rankable then 1 else 0 end)
    or sum(case when is_rankable and tau2 <= 0 then 1 else 0 end) > 0
    or sum(case when not (rank_low between 1 and rank_high and rank_high <= ranked_partners) then 1 else 0 end) > 0
    or sum(
        case
            when standing = 'below' and (difference_from_rest >= 0 or adjusted_nps > standing_limit_low) then 1
            when standing = 'above' and (difference_from_rest <= 0 or adjusted_nps < standing_limit_high) then 1
            when standing = 'about' and not adjusted_nps between standing_limit_low and standing_limit_high then 1
            when (standing = 'about') != (q_value > {{ var('false_discovery_rate') }}) then 1
            else 0
        end
    ) > 0
    or sum(
        case
            when
                is_suppressed
                and coalesce(responses, promoters, nps, adjusted_nps, mu, rest_nps, q_value, p_worst) is not null
                then 1
            else 0
        end
    ) > 0
