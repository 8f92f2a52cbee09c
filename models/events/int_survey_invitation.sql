{{ config(
    materialized=load_materialization(),
    pre_hook="{{ forget_touched_events('invitation_key') }}",
) }}

-- noqa: disable=LT02
with

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

    select * from {{ ref('int_customer_node') }}

),

unioned as (

    {% for dataset in surveys_holding('invitations') -%}
        {%- set said = landing_dataset(dataset) -%}
        {%- set has_answers = dataset in datasets_with_answers() -%}
        {%- set owner = said['belongs_to']['dataset'] if said['belongs_to'] else none -%}
        {%- set owner_shape = landing_dataset(owner)['shape'] if owner else none -%}
        {%- set customer_hash = identity_or_null(dataset, 'customer', 'invitations') %}
        select
            invitations.row_key as invitation_key,
            invitations.file_id,
            '{{ dataset }}' as dataset,
            '{{ said['survey'] }}' as survey_code,
            {{ 'contacts' if owner_shape == 'contact' else 'invitations' }}.chain_key,
            invitations.partner_code,
            {{ named('invitations.' ~ number_column(dataset), 'invitation_no') }},
            {{ named('invitations.' ~ day_of(dataset), 'sent_on') }},
            {{ named(moment_or_null(dataset, 'day', 'invitations'), 'sent_at') }},
            {{ named(column_or_null(dataset, 'survey_mode', dbt.type_string(), 'invitations'), 'survey_mode') }},
            {{ 'invitations.disposition' if 'disposition' in said['columns'] else "'delivered' as disposition" }},
            {%- if owner_shape == 'transaction' %}
            coalesce({{ customer_hash }}, orders.{{ customer_column(owner) }}) as customer_hash,
            {%- else %}
            {{ named(customer_hash, 'customer_hash') }},
            {%- endif %}
            {{ named(identity_or_null(dataset, 'email', 'invitations'), 'email_hash') }},
            {{ named(identity_or_null(dataset, 'phone', 'invitations'), 'phone_hash') }},
            {{ named(identity_or_null(dataset, 'serial', 'invitations'), 'serial_hash') }},
            {{ 'contacts.customer_key' if owner_shape == 'contact' else 'cast(null as bigint)' }} as known_customer_key,
            {{ 'orders.row_key' if owner_shape == 'transaction' else 'cast(null as bigint)' }} as transaction_key,
            {%- if has_answers %}
            {{ named('invitations.' ~ day_column(dataset, said['answered']), 'answered_on') }},
            {{ named(moment_or_null(dataset, 'answered', 'invitations'), 'answered_at') }},
            invitations.score,
            invitations.answer_status,
            {{ programme_columns(dataset, 'invitations') }}
            {%- else %}
            cast(null as date) as answered_on,
            cast(null as timestamp) as answered_at,
            cast(null as integer) as score,
            cast(null as {{ dbt.type_string() }}) as answer_status,
            {{ programme_columns(none) }}
            {%- endif %}
        from {{ ref('stg_' ~ dataset) }} as invitations
        {%- if owner_shape == 'transaction' %}
        left join {{ ref('stg_' ~ owner) }} as orders
            on {{ equal_columns('invitations', 'orders', said['belongs_to']['by']) }}
        {%- elif owner_shape == 'contact' %}
        -- who called is known from the contact, and so is the country
        inner join contacts
            on
                contacts.dataset = '{{ owner }}'
                and invitations.partner_code = contacts.partner_code
                and invitations.{{ said['belongs_to']['by'][-1] }} = contacts.contact_no
        {%- endif %}
        {% if not loop.last %}
            union all

        {% endif -%}
    {% endfor %}

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
    with_owner.dataset,
    surveys.survey_key,
    surveys.link_code,
    surveys.touchpoint_code,
    with_owner.chain_key,
    with_owner.partner_code,
    with_owner.invitation_no,
    coalesce(
        with_owner.known_customer_key,
        {{ resolved_customer(['customer_nodes', 'email_nodes', 'phone_nodes', 'unit_nodes']) }}
    ) as customer_key,
    with_owner.transaction_key,
    case
        when with_owner.known_customer_key is not null then 'caller'
        else {{ named_by([
            ('with_owner.customer_hash', 'customer_nodes', 'number'),
            ('with_owner.email_hash', 'email_nodes', 'email'),
            ('with_owner.phone_hash', 'phone_nodes', 'phone'),
            ('with_owner.owner_node', 'unit_nodes', 'unit'),
        ]) }}
    end as named_by,
    -- of who called, the contact says it
    case when with_owner.known_customer_key is null then {{ held_by('unit_nodes') }} end as held_by,
    with_owner.sent_on,
    with_owner.sent_at,
    with_owner.survey_mode,
    with_owner.disposition,
    with_owner.answered_on,
    with_owner.answered_at,
    with_owner.score,
    with_owner.answer_status,
    with_owner.programme_status,
    with_owner.exclusion_reason,
    with_owner.later_score,
    with_owner.is_answer_replaced
from with_owner
inner join surveys on with_owner.survey_code = surveys.survey_code
left join nodes as customer_nodes on {{ node_of('with_owner.customer_hash', 'customer_nodes', 'customer') }}
left join nodes as email_nodes on {{ node_of('with_owner.email_hash', 'email_nodes', 'email') }}
left join nodes as phone_nodes on {{ node_of('with_owner.phone_hash', 'phone_nodes', 'phone') }}
left join nodes as unit_nodes on {{ node_of('with_owner.owner_node', 'unit_nodes', 'unit') }}
where {{ is_touched_event('with_owner.invitation_key') }}
