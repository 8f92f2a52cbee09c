-- How does the NPS of each link develop, and is the change from a year ago more than chance?
-- One row per chain, link and quarter; nothing where too few answered. The interval of the difference is made of both
-- quarters' intervals (Zou and Donner 2008): where it holds 0, chance can explain the change.
with

by_quarter as (

    select * from {{ ref('mart_nps_by_link') }}

),

links as (

    select * from {{ ref('dim_chain_link') }}

),

quarters as (

    select distinct
        quarter_start_on,
        quarter_name
    from {{ ref('dim_date') }}

),

compared as (

    select
        this_year.*,
        last_year.nps as nps_a_year_before,
        last_year.nps_ci_low as ci_low_a_year_before,
        last_year.nps_ci_high as ci_high_a_year_before
    from by_quarter as this_year
    left join by_quarter as last_year
        on
            this_year.chain_link_key = last_year.chain_link_key
            and {{ dbt.dateadd('year', 1, 'last_year.quarter_start_on') }} = this_year.quarter_start_on

)

select
    links.chain_name,
    links.link_name,
    compared.chain_code,
    compared.link_code,
    quarters.quarter_name,
    compared.quarter_start_on,
    compared.responses,
    compared.nps,
    compared.nps_ci_low,
    compared.nps_ci_high,
    compared.nps_a_year_before,
    compared.nps - compared.nps_a_year_before as difference,
    compared.nps - compared.nps_a_year_before - sqrt(
        power(compared.nps - compared.nps_ci_low, 2)
        + power(compared.ci_high_a_year_before - compared.nps_a_year_before, 2)
    ) as difference_ci_low,
    compared.nps - compared.nps_a_year_before + sqrt(
        power(compared.nps_ci_high - compared.nps, 2)
        + power(compared.nps_a_year_before - compared.ci_low_a_year_before, 2)
    ) as difference_ci_high,
    compared.is_mode_mix_changed
from compared
inner join links on compared.chain_link_key = links.chain_link_key
inner join quarters on compared.quarter_start_on = quarters.quarter_start_on
order by compared.chain_code, links.link_position, compared.quarter_start_on
