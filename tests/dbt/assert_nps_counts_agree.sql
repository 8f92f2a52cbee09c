-- Promoters + passives + detractors = responses wherever they are shown, and the mart's shown quarters hold what the
-- fact holds.
with

counted as (

    select
        chain_link_key,
        quarter_start_on,
        count(*) as responses,
        sum(nps_contribution) as contribution
    from {{ ref('fct_nps_response') }}
    group by chain_link_key, quarter_start_on

)

select
    mart.chain_code,
    mart.link_code,
    mart.quarter_start_on,
    mart.responses,
    counted.responses as counted_responses
from {{ ref('mart_nps_by_link') }} as mart
left join counted
    on mart.chain_link_key = counted.chain_link_key and mart.quarter_start_on = counted.quarter_start_on
where
    not mart.is_suppressed
    and (
        mart.promoters + mart.passives + mart.detractors != mart.responses
        or mart.responses is distinct from counted.responses
        or abs(mart.nps * mart.responses - counted.contribution) > 1e-6
    )
