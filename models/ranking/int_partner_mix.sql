{#- Whom the partners asked, and how: their answers by survey, survey mode, tenure band and segment. -#}
with

responses as (

    select * from {{ ref('fct_nps_response') }}

),

partners as (

    select * from {{ ref('dim_partner') }}

),

customer_chains as (

    select * from {{ ref('int_customer_chain') }}

),

tenure_bands as (

    select * from {{ ref('tenure_bands') }}

),

banded as (

    select
        responses.chain_link_key,
        partners.partner_code,
        responses.quarter_start_on,
        responses.survey_key,
        responses.channel_key,
        -- nobody known: a band and a segment of their own
        coalesce(tenure_bands.tenure_band_key, 0) as tenure_band_key,
        coalesce(customer_chains.segment, 'unknown') as segment,
        responses.is_promoter,
        responses.is_detractor
    from responses
    inner join partners on responses.partner_key = partners.partner_key
    left join customer_chains
        on responses.customer_key = customer_chains.customer_key and responses.chain_key = customer_chains.chain_key
    left join tenure_bands
        on
            greatest(0, {{ days_between('customer_chains.first_on', 'responses.response_on') }})
            between tenure_bands.from_days and tenure_bands.to_days
            and customer_chains.first_on is not null

)

select
    chain_link_key,
    partner_code,
    quarter_start_on,
    survey_key,
    channel_key,
    tenure_band_key,
    segment,
    count(*) as responses,
    cast(sum(is_promoter) as bigint) as promoters,
    cast(sum(is_detractor) as bigint) as detractors
from banded
group by
    chain_link_key,
    partner_code,
    quarter_start_on,
    survey_key,
    channel_key,
    tenure_band_key,
    segment
