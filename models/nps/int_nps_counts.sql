with

invitations as (

    select * from {{ ref('fct_survey_invitation') }}

),

responses as (

    select * from {{ ref('fct_nps_response') }}

),

invited as (

    select
        chain_link_key,
        partner_key,
        quarter_start_on,
        count(*) as invitations,
        sum(is_delivered) as delivered,
        sum(case when is_delivered = 1 then is_answered else 0 end) as answered
    from invitations
    group by all

),

answered as (

    select
        chain_link_key,
        partner_key,
        quarter_start_on,
        count(*) as responses,
        sum(is_promoter) as promoters,
        sum(is_passive) as passives,
        sum(is_detractor) as detractors
    from responses
    group by all

),

stacked as (

    select
        chain_link_key,
        partner_key,
        quarter_start_on,
        invitations,
        delivered,
        answered,
        0 as responses,
        0 as promoters,
        0 as passives,
        0 as detractors
    from invited

    union all

    select
        chain_link_key,
        partner_key,
        quarter_start_on,
        0 as invitations,
        0 as delivered,
        0 as answered,
        responses,
        promoters,
        passives,
        detractors
    from answered

)

select
    chain_link_key,
    partner_key,
    quarter_start_on,
    cast(sum(invitations) as bigint) as invitations,
    cast(sum(delivered) as bigint) as delivered,
    cast(sum(answered) as bigint) as answered,
    cast(sum(responses) as bigint) as responses,
    cast(sum(promoters) as bigint) as promoters,
    cast(sum(passives) as bigint) as passives,
    cast(sum(detractors) as bigint) as detractors
from stacked
group by chain_link_key, partner_key, quarter_start_on
