{%- set network = ['chain_link_key', 'period_kind', 'period_from'] -%}
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

discoveries as (

    {{ benjamini_hochberg('estimates', network, 'partner_code', 'p_value') }}

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
    estimates.nps,
    {{ nps_ci_low('cells.promoters', 'cells.detractors', 'cells.responses') }} as nps_ci_low,
    {{ nps_ci_high('cells.promoters', 'cells.detractors', 'cells.responses') }} as nps_ci_high,
    cast(estimates.network_partners as bigint) as network_partners,
    estimates.mu,
    estimates.tau2,
    estimates.rankability,
    estimates.sampling_variance,
    estimates.shrinkage,
    estimates.shrunken_nps,
    estimates.posterior_sd,
    case
        when estimates.tau2 > 0
            then greatest(-100, estimates.shrunken_nps - {{ double_var('z_95') }} * estimates.posterior_sd)
    end as shrunken_nps_ci_low,
    case
        when estimates.tau2 > 0
            then least(100, estimates.shrunken_nps + {{ double_var('z_95') }} * estimates.posterior_sd)
    end as shrunken_nps_ci_high,
    estimates.rest_nps,
    estimates.funnel_z,
    {{ funnel_band('estimates.funnel_z') }} as funnel_band,
    estimates.p_value,
    discoveries.q_value,
    cast(estimates.ranked_partners as bigint) as ranked_partners,
    positions.expected_rank,
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
left join discoveries
    on
        cells.chain_link_key = discoveries.chain_link_key
        and cells.period_kind = discoveries.period_kind
        and cells.period_from = discoveries.period_from
        and cells.partner_code = discoveries.partner_code
