-- Networks whose ranks are not those of some order, whose last place is not shared out wholly, or that rank somebody
-- without a difference between partners; and hidden rows with a figure.
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
    or sum(
        case
            when is_suppressed and coalesce(responses, promoters, detractors, nps, mu, rest_nps, p_worst) is not null
                then 1
            else 0
        end
    ) > 0
