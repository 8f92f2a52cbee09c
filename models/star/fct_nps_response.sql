{{ config(
    materialized=load_materialization(),
    pre_hook="{{ forget_touched_facts('response_key', 'response_on') }}",
) }}

with

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

scored as {{ inline_cte() }} (

    select
        *,
        coalesce(programme_status, 'valid') as row_status,
        case
            when programme_status = 'excluded' then null
            when is_answer_replaced then later_score
            else score
        end as row_programme_score
    from responses

),

-- the last re-score that the programme did not take back
last_rescores as (

    select
        scored.rescored_key,
        scored.row_status,
        scored.row_programme_score
    from scored
    cross join period
    where
        scored.rescored_key is not null
        and scored.row_programme_score is not null
        and scored.response_on <= period.as_of_on
    qualify row_number() over (
        partition by scored.rescored_key
        order by scored.response_on desc, scored.response_at desc, scored.response_key desc
    ) = 1

),

answers as (

    select
        scored.*,
        coalesce(last_rescores.row_programme_score, scored.row_programme_score) as programme_score,
        case
            when last_rescores.rescored_key is not null then last_rescores.row_status
            when scored.row_programme_score is null and scored.row_status != 'excluded' then 'withdrawn'
            else scored.row_status
        end as status_in_programme
    from scored
    left join last_rescores on scored.response_key = last_rescores.rescored_key
    where scored.rescored_key is null

)

select
    answers.response_key,
    answers.invitation_key,
    answers.survey_key,
    chain_links.chain_key,
    chain_links.link_key,
    chain_links.chain_link_key,
    partner_versions.partner_key,
    answers.customer_key,
    answers.transaction_key,
    touchpoints.touchpoint_key,
    coalesce(channels.channel_key, 0) as channel_key,
    answers.response_no,
    answers.response_on,
    {{ quarter_start('answers.response_on') }} as quarter_start_on,
    answers.response_at,
    answers.score,
    {{ nps_category('answers.score') }} as nps_category,
    {{ nps_contribution('answers.score') }} as nps_contribution,
    case when {{ nps_category('answers.score') }} = 'promoter' then 1 else 0 end as is_promoter,
    case when {{ nps_category('answers.score') }} = 'passive' then 1 else 0 end as is_passive,
    case when {{ nps_category('answers.score') }} = 'detractor' then 1 else 0 end as is_detractor,
    {{ seconds_between('answers.sent_at', 'answers.response_at') }} as seconds_to_answer,
    answers.programme_score,
    answers.status_in_programme as programme_status,
    -- a code, never a sentence somebody typed
    {{ code_or_other('answers.exclusion_reason') }} as exclusion_reason,
    case when answers.programme_score != answers.score then 1 else 0 end as is_rescored
from answers
cross join period
inner join chain_links
    on answers.chain_key = chain_links.chain_key and answers.link_code = chain_links.link_code
inner join partner_versions
    on
        answers.partner_code = partner_versions.partner_code
        and answers.response_on between partner_versions.assigned_from and partner_versions.assigned_to
inner join touchpoints on answers.touchpoint_code = touchpoints.touchpoint_code
left join channels on answers.survey_mode = channels.channel_code
where
    answers.response_on <= period.as_of_on
    and not exists (
        select 1 from erased
        where erased.customer_key = answers.customer_key
    )
    and {{ is_touched_fact('answers.response_key', 'answers.response_on', 'answers.chain_key') }}
