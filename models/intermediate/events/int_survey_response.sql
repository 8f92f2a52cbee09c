{{ config(
    materialized=load_materialization(),
    pre_hook="{{ forget_touched_events('response_key') }}",
) }}

with

invitations as {{ inline_cte() }} (

    select * from {{ ref('int_survey_invitation') }}

),

brand_answers as (

    select * from {{ ref('stg_manufacturer__survey_answers') }}

),

shop_answers as (

    select * from {{ ref('stg_shop__survey') }}

),

surveys as (

    select * from {{ ref('surveys') }}

),

nodes as {{ inline_cte() }} (

    select * from {{ ref('int_identity_node') }}

),

answered_on_the_invitation as (

    select
        invitation_key as response_key,
        file_id,
        invitation_key,
        survey_key,
        link_code,
        touchpoint_code,
        chain_key,
        partner_code,
        invitation_no as response_no,
        customer_key,
        survey_mode,
        sent_at,
        answered_on as response_on,
        answered_at as response_at,
        score
    from invitations
    where answer_status = 'answered'

),

answered_apart as (

    select
        brand_answers.row_key as response_key,
        brand_answers.file_id,
        invitations.invitation_key,
        invitations.survey_key,
        invitations.link_code,
        invitations.touchpoint_code,
        invitations.chain_key,
        invitations.partner_code,
        invitations.invitation_no as response_no,
        invitations.customer_key,
        invitations.survey_mode,
        invitations.sent_at,
        brand_answers.answered_on as response_on,
        brand_answers.answered_at as response_at,
        brand_answers.score
    from brand_answers
    inner join invitations
        on
            brand_answers.partner_code = invitations.partner_code
            and brand_answers.invitation_id = invitations.invitation_no
            and invitations.link_code = 'manufacturer'

),

answered_without_invitation as (

    select
        shop_answers.row_key as response_key,
        shop_answers.file_id,
        cast(null as bigint) as invitation_key,
        surveys.survey_key,
        surveys.link_code,
        surveys.touchpoint_code,
        shop_answers.chain_key,
        shop_answers.partner_code,
        shop_answers.answer_no as response_no,
        {{ resolved_customer([
            ('shop_answers.loyalty_hash', 'loyalty_nodes'),
            ('shop_answers.email_hash', 'email_nodes'),
        ]) }} as customer_key,
        shop_answers.survey_mode,
        cast(null as timestamp) as sent_at,
        shop_answers.answered_on as response_on,
        shop_answers.answered_at as response_at,
        shop_answers.score
    from shop_answers
    inner join surveys on surveys.survey_code = 'shop_visit'
    left join nodes as loyalty_nodes on {{ node_of('shop_answers.loyalty_hash', 'loyalty_nodes', 'customer') }}
    left join nodes as email_nodes on {{ node_of('shop_answers.email_hash', 'email_nodes', 'email') }}

),

unioned as (

    select * from answered_on_the_invitation
    union all
    select * from answered_apart
    union all
    select * from answered_without_invitation

)

select * from unioned
where {{ is_touched_event('response_key') }}
