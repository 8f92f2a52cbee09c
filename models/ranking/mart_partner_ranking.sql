with

cells as (

    select * from {{ ref('int_ranking_cell') }}

),

estimates as (

    select * from {{ ref('int_ranking_estimate') }}

),

positions as (

    select * from {{ ref('int_ranking_position') }}

),

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

adjusted as (

    select
        *,
        adjusted_nps - difference_from_rest as rest_nps
    from {{ ref('int_partner_adjusted') }}

),

standings as (

    select * from {{ ref('int_partner_standing') }}

)

select
    cells.chain_link_key,
    chain_links.chain_code,
    chain_links.link_code,
    cells.period_kind,
    cells.period_from,
    cells.period_to,
    cells.partner_code,
    cells.partner_name,
    cells.responses,
    cells.promoters,
    cells.passives,
    cells.detractors,
    adjusted.nps,
    {{ nps_ci_low('cells.promoters', 'cells.detractors', 'cells.responses') }} as nps_ci_low,
    {{ nps_ci_high('cells.promoters', 'cells.detractors', 'cells.responses') }} as nps_ci_high,
    adjusted.network_nps - adjusted.expected_nps as adjustment,
    {{ in_nps('adjusted.adjusted_nps') }} as adjusted_nps,
    cast(estimates.network_partners as bigint) as network_partners,
    {{ in_nps('estimates.mu') }} as mu,
    estimates.tau2,
    estimates.rankability,
    estimates.sampling_variance,
    estimates.shrinkage,
    {{ in_nps('estimates.shrunken_nps') }} as shrunken_nps,
    estimates.posterior_sd,
    {{ in_nps('estimates.shrunken_nps - ' ~ double_var('z_95') ~ ' * estimates.shrunken_nps_se') }}
        as shrunken_nps_ci_low,
    {{ in_nps('estimates.shrunken_nps + ' ~ double_var('z_95') ~ ' * estimates.shrunken_nps_se') }}
        as shrunken_nps_ci_high,
    adjusted.comparable_share,
    {{ in_nps('adjusted.rest_nps') }} as rest_nps,
    adjusted.difference_from_rest,
    standings.standing,
    standings.p_value,
    standings.q_value,
    {{ in_nps('adjusted.rest_nps - standings.limit_distance') }} as standing_limit_low,
    {{ in_nps('adjusted.rest_nps + standings.limit_distance') }} as standing_limit_high,
    estimates.funnel_z,
    cast(estimates.ranked_partners as bigint) as ranked_partners,
    positions.expected_rank,
    positions.rank_low,
    positions.rank_high,
    positions.p_worst,
    positions.partner_code is not null as is_rankable,
    case when cells.suppression_reason is not null then 'hidden' else estimates.not_rankable_reason end
        as not_rankable_reason,
    cells.suppression_reason is not null as is_suppressed,
    cells.suppression_reason
from cells
inner join chain_links on cells.chain_link_key = chain_links.chain_link_key
left join estimates
    on
        cells.chain_link_key = estimates.chain_link_key
        and cells.period_kind = estimates.period_kind
        and cells.period_from = estimates.period_from
        and cells.partner_code = estimates.partner_code
left join positions
    on
        cells.chain_link_key = positions.chain_link_key
        and cells.period_kind = positions.period_kind
        and cells.period_from = positions.period_from
        and cells.partner_code = positions.partner_code
left join adjusted
    on
        cells.chain_link_key = adjusted.chain_link_key
        and cells.period_kind = adjusted.period_kind
        and cells.period_from = adjusted.period_from
        and cells.partner_code = adjusted.partner_code
left join standings
    on
        cells.chain_link_key = standings.chain_link_key
        and cells.period_kind = standings.period_kind
        and cells.period_from = standings.period_from
        and cells.partner_code = standings.partner_code
