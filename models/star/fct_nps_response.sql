{{ config(
    materialized=load_materialization(),
    pre_hook="{{ forget_touched_facts('response_key', 'response_on') }}",
) }}

with

responses as (

    select * from {{ ref('int_survey_response') }}

),

period as (

    select * from {{ ref('int_period') }}

),

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

partner_versions as (

    select * from {{ ref('int_partner_version') }}

),

touchpoints as (

    select * from {{ ref('dim_touchpoint') }}

),

channels as (

    select * from {{ ref('dim_channel') }}

),

erased as (

    select * from {{ ref('int_erased_customer') }}

)

select
    responses.response_key,
    responses.invitation_key,
    responses.survey_key,
    chain_links.chain_key,
    chain_links.link_key,
    chain_links.chain_link_key,
    partner_versions.partner_key,
    responses.customer_key,
    responses.transaction_key,
    touchpoints.touchpoint_key,
    coalesce(channels.channel_key, 0) as channel_key,
    responses.response_no,
    responses.response_on,
    {{ quarter_start('responses.response_on') }} as quarter_start_on,
    responses.response_at,
    responses.score,
    {{ nps_category('responses.score') }} as nps_category,
    {{ nps_contribution('responses.score') }} as nps_contribution,
    case when {{ nps_category('responses.score') }} = 'promoter' then 1 else 0 end as is_promoter,
    case when {{ nps_category('responses.score') }} = 'passive' then 1 else 0 end as is_passive,
    case when {{ nps_category('responses.score') }} = 'detractor' then 1 else 0 end as is_detractor,
    {{ seconds_between('responses.sent_at', 'responses.response_at') }} as seconds_to_answer
from responses
cross join period
inner join chain_links
    on responses.chain_key = chain_links.chain_key and responses.link_code = chain_links.link_code
inner join partner_versions
    on
        responses.partner_code = partner_versions.partner_code
        and responses.response_on between partner_versions.assigned_from and partner_versions.assigned_to
inner join touchpoints on responses.touchpoint_code = touchpoints.touchpoint_code
left join channels on responses.survey_mode = channels.channel_code
where
    responses.response_on <= period.as_of_on
    and not exists (
        select 1 from erased
        where erased.customer_key = responses.customer_key
    )
    and {{ is_touched_fact('responses.response_key', 'responses.response_on', 'responses.chain_key') }}
