with

partners as (

    select * from {{ ref('stg_chain__partners') }}

),

countries as (

    select * from {{ ref('countries') }}

),

first_versions as (

    select *
    from partners
    qualify row_number() over (partition by partner_code order by valid_from) = 1

)

select
    first_versions.partner_code,
    first_versions.link_key,
    first_versions.industry_key,
    first_versions.country_key,
    first_versions.link as link_code,
    first_versions.industry as industry_code,
    first_versions.country as country_code,
    coalesce(first_versions.time_zone, countries.time_zone) as time_zone
from first_versions
left join countries on first_versions.country_key = countries.country_key
