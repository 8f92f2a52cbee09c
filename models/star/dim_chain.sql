with

partner_codes as (

    select * from {{ ref('int_partner_code') }}

),

industries as (

    select * from {{ ref('industries') }}

),

countries as (

    select * from {{ ref('countries') }}

),

chain_keys as (

    select
        industry_key,
        country_key
    from partner_codes
    where country_key is not null
    {% for dataset in datasets_of('survey') + datasets_of('contact') if place_of(dataset) == 'row' -%}
        -- a partner without a country is of the chains that its rows name
        union
        select
            industry_key,
            country_key
        from {{ ref('stg_' ~ dataset) }}
    {% endfor %}

)

select
    {{ chain_key('chain_keys.industry_key', 'chain_keys.country_key') }} as chain_key,
    industries.industry_key,
    countries.country_key,
    lower(concat_ws('_', industries.industry_code, countries.country_code)) as chain_code,
    industries.industry_code,
    countries.country_code,
    concat_ws(' ', industries.industry_name, countries.country_code) as chain_name,
    industries.industry_name,
    countries.country_name,
    industries.retention_window_days
from chain_keys
inner join industries on chain_keys.industry_key = industries.industry_key
inner join countries on chain_keys.country_key = countries.country_key
