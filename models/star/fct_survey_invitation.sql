{{ config(
    materialized=load_materialization(),
    pre_hook="{{ forget_touched_facts('invitation_key', 'sent_on') }}",
) }}

with

invitations as (

    select * from {{ ref('int_survey_invitation') }}

),

responses as {{ inline_cte() }} (

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

),

answered as (

    select distinct invitation_key from responses
    where invitation_key is not null

),

-- whoever was asked for a re-score had been asked before
asked_again as (

    select row_key as invitation_key from {{ ref('int_rescored_answer') }}
    union distinct
    select invitation_key from responses
    where rescored_key is not null and invitation_key is not null

)

select
    invitations.invitation_key,
    invitations.survey_key,
    chain_links.chain_key,
    chain_links.link_key,
    chain_links.chain_link_key,
    partner_versions.partner_key,
    invitations.customer_key,
    touchpoints.touchpoint_key,
    coalesce(channels.channel_key, 0) as channel_key,
    invitations.invitation_no,
    invitations.sent_on,
    {{ quarter_start('invitations.sent_on') }} as quarter_start_on,
    invitations.sent_at,
    case
        when answered.invitation_key is not null then 'answered'
        when invitations.answer_status = 'invalid' then 'invalid_answer'
        when invitations.disposition = 'delivered' then 'not_answered'
        else invitations.disposition
    end as disposition,
    case when invitations.disposition = 'delivered' then 1 else 0 end as is_delivered,
    case when answered.invitation_key is not null then 1 else 0 end as is_answered
from invitations
cross join period
inner join chain_links
    on invitations.chain_key = chain_links.chain_key and invitations.link_code = chain_links.link_code
inner join partner_versions
    on
        invitations.partner_code = partner_versions.partner_code
        and invitations.sent_on between partner_versions.assigned_from and partner_versions.assigned_to
inner join touchpoints on invitations.touchpoint_code = touchpoints.touchpoint_code
left join channels on invitations.survey_mode = channels.channel_code
left join answered on invitations.invitation_key = answered.invitation_key
where
    invitations.sent_on <= period.as_of_on
    and not exists (
        select 1 from erased
        where erased.customer_key = invitations.customer_key
    )
    and not exists (
        select 1 from asked_again
        where asked_again.invitation_key = invitations.invitation_key
    )
    and {{ is_touched_fact('invitations.invitation_key', 'invitations.sent_on', 'invitations.chain_key') }}
