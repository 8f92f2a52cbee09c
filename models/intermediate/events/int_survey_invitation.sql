{{ config(
    materialized=load_materialization(),
    pre_hook="{{ forget_touched_events('invitation_key') }}",
) }}

with

brand_invitations as (

    select * from {{ ref('stg_manufacturer__survey_invitations') }}

),

ownership_surveys as (

    select * from {{ ref('stg_importer__ownership_survey') }}

),

post_sale_surveys as (

    select * from {{ ref('stg_dealer__post_sale_survey') }}

),

post_service_surveys as (

    select * from {{ ref('stg_dealer__post_service_survey') }}

),

post_contact_surveys as (

    select * from {{ ref('stg_contact_centre__surveys') }}

),

sales_orders as (

    select * from {{ ref('stg_dealer__sales_orders') }}

),

service_orders as (

    select * from {{ ref('stg_dealer__service_orders') }}

),

contacts as (

    select * from {{ ref('int_contact') }}

),

surveys as (

    select * from {{ ref('surveys') }}

),

ownership as (

    select * from {{ ref('int_ownership') }}

),

nodes as {{ inline_cte() }} (

    select * from {{ ref('int_identity_node') }}

),

unioned as (

    select
        row_key as invitation_key,
        file_id,
        'brand_relationship' as survey_code,
        chain_key,
        partner_code,
        invitation_id as invitation_no,
        sent_on,
        sent_at,
        survey_mode,
        coalesce(disposition, 'delivered') as disposition,
        cast(null as bigint) as customer_hash,
        email_hash,
        phone_hash,
        serial_hash,
        cast(null as bigint) as known_customer_key,
        cast(null as date) as answered_on,
        cast(null as timestamp) as answered_at,
        cast(null as integer) as score,
        cast(null as {{ dbt.type_string() }}) as answer_status
    from brand_invitations

    union all

    select
        row_key as invitation_key,
        file_id,
        'ownership' as survey_code,
        chain_key,
        partner_code,
        invitation_no,
        sent_on,
        cast(null as timestamp) as sent_at,
        survey_mode,
        'delivered' as disposition,
        cast(null as bigint) as customer_hash,
        email_hash,
        phone_hash,
        serial_hash,
        cast(null as bigint) as known_customer_key,
        answered_on,
        cast(null as timestamp) as answered_at,
        score,
        answer_status
    from ownership_surveys

    union all

    select
        post_sale_surveys.row_key as invitation_key,
        post_sale_surveys.file_id,
        'post_sale' as survey_code,
        post_sale_surveys.chain_key,
        post_sale_surveys.partner_code,
        post_sale_surveys.invitation_no,
        post_sale_surveys.sent_on,
        post_sale_surveys.sent_at,
        post_sale_surveys.survey_mode,
        'delivered' as disposition,
        coalesce(post_sale_surveys.customer_hash, sales_orders.customer_hash) as customer_hash,
        cast(null as bigint) as email_hash,
        cast(null as bigint) as phone_hash,
        cast(null as bigint) as serial_hash,
        cast(null as bigint) as known_customer_key,
        post_sale_surveys.answered_on,
        post_sale_surveys.answered_at,
        post_sale_surveys.score,
        post_sale_surveys.answer_status
    from post_sale_surveys
    left join sales_orders
        on
            post_sale_surveys.partner_code = sales_orders.partner_code
            and post_sale_surveys.order_no = sales_orders.order_no

    union all

    select
        post_service_surveys.row_key as invitation_key,
        post_service_surveys.file_id,
        'post_service' as survey_code,
        post_service_surveys.chain_key,
        post_service_surveys.partner_code,
        post_service_surveys.invitation_no,
        post_service_surveys.sent_on,
        post_service_surveys.sent_at,
        post_service_surveys.survey_mode,
        'delivered' as disposition,
        coalesce(post_service_surveys.customer_hash, service_orders.customer_hash) as customer_hash,
        cast(null as bigint) as email_hash,
        cast(null as bigint) as phone_hash,
        cast(null as bigint) as serial_hash,
        cast(null as bigint) as known_customer_key,
        post_service_surveys.answered_on,
        post_service_surveys.answered_at,
        post_service_surveys.score,
        post_service_surveys.answer_status
    from post_service_surveys
    left join service_orders
        on
            post_service_surveys.partner_code = service_orders.partner_code
            and post_service_surveys.order_no = service_orders.order_no

    union all

    -- who called is known from the contact, and so is the country
    select
        post_contact_surveys.row_key as invitation_key,
        post_contact_surveys.file_id,
        'post_contact' as survey_code,
        contacts.chain_key,
        post_contact_surveys.partner_code,
        post_contact_surveys.survey_id as invitation_no,
        post_contact_surveys.sent_on,
        post_contact_surveys.sent_at,
        post_contact_surveys.survey_mode,
        'delivered' as disposition,
        cast(null as bigint) as customer_hash,
        cast(null as bigint) as email_hash,
        cast(null as bigint) as phone_hash,
        cast(null as bigint) as serial_hash,
        contacts.customer_key as known_customer_key,
        post_contact_surveys.answered_on,
        post_contact_surveys.answered_at,
        post_contact_surveys.score,
        post_contact_surveys.answer_status
    from post_contact_surveys
    inner join contacts
        on
            post_contact_surveys.partner_code = contacts.partner_code
            and post_contact_surveys.contact_id = contacts.contact_no

),

with_owner as (

    select
        unioned.*,
        {{ owner_node('unioned.serial_hash', 'ownership') }} as owner_node
    from unioned
    left join ownership
        on {{ owned_on('unioned.serial_hash', 'unioned.sent_on', 'ownership') }}

)

select
    with_owner.invitation_key,
    with_owner.file_id,
    surveys.survey_key,
    surveys.link_code,
    surveys.touchpoint_code,
    with_owner.chain_key,
    with_owner.partner_code,
    with_owner.invitation_no,
    coalesce(
        with_owner.known_customer_key,
        {{ resolved_customer([
            ('with_owner.customer_hash', 'customer_nodes'),
            ('with_owner.email_hash', 'email_nodes'),
            ('with_owner.phone_hash', 'phone_nodes'),
            ('with_owner.owner_node', 'unit_nodes'),
        ]) }}
    ) as customer_key,
    with_owner.sent_on,
    with_owner.sent_at,
    with_owner.survey_mode,
    with_owner.disposition,
    with_owner.answered_on,
    with_owner.answered_at,
    with_owner.score,
    with_owner.answer_status
from with_owner
inner join surveys on with_owner.survey_code = surveys.survey_code
left join nodes as customer_nodes on {{ node_of('with_owner.customer_hash', 'customer_nodes', 'customer') }}
left join nodes as email_nodes on {{ node_of('with_owner.email_hash', 'email_nodes', 'email') }}
left join nodes as phone_nodes on {{ node_of('with_owner.phone_hash', 'phone_nodes', 'phone') }}
left join nodes as unit_nodes on {{ node_of('with_owner.owner_node', 'unit_nodes', 'unit') }}
where {{ is_touched_event('with_owner.invitation_key') }}
