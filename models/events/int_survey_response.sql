{{ config(
    materialized=load_materialization(),
    pre_hook="{{ forget_touched_events('response_key') }}",
) }}

-- noqa: disable=LT02
with

invitations as {{ inline_cte() }} (

    select * from {{ ref('int_survey_invitation') }}

),

surveys as (

    select * from {{ ref('surveys') }}

),

rescored as (

    select * from {{ ref('int_rescored_answer') }}

),

nodes as {{ inline_cte() }} (

    select * from {{ ref('int_customer_node') }}

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
        transaction_key,
        named_by,
        -- its invitation says it
        cast(null as {{ dbt.type_string() }}) as held_by,
        survey_mode,
        sent_at,
        answered_on as response_on,
        answered_at as response_at,
        score,
        programme_status,
        exclusion_reason,
        later_score,
        is_answer_replaced
    from invitations
    where answer_status = 'answered'

),

{% for dataset in surveys_holding('answers') if answers_apart(dataset) -%}
    {{ dataset }} as (

        select
            answers.row_key as response_key,
            answers.file_id,
            invitations.invitation_key,
            invitations.survey_key,
            invitations.link_code,
            invitations.touchpoint_code,
            invitations.chain_key,
            invitations.partner_code,
            invitations.invitation_no as response_no,
            invitations.customer_key,
            invitations.transaction_key,
            invitations.named_by,
            cast(null as {{ dbt.type_string() }}) as held_by,
            invitations.survey_mode,
            invitations.sent_at,
            answers.{{ day_column(dataset, landing_dataset(dataset)['answered']) }} as response_on,
            {{ named(moment_or_null(dataset, 'answered', 'answers'), 'response_at') }},
            answers.score,
            {{ programme_columns(dataset, 'answers') }}
        from {{ ref('stg_' ~ dataset) }} as answers
        inner join invitations
            on
                invitations.dataset = '{{ landing_dataset(dataset)['belongs_to']['dataset'] }}'
                and answers.partner_code = invitations.partner_code
                and answers.{{ number_column(dataset) }} = invitations.invitation_no

    ),

{% endfor -%}

answered_without_invitation as (

    {% for dataset in surveys_without_invitations() -%}
        {%- set said = landing_dataset(dataset) -%}
        {%- set owner = said['belongs_to']['dataset'] if said['belongs_to'] else none -%}
        {%- set is_of_order = owner is not none and landing_dataset(owner)['shape'] == 'transaction' %}
        select
            answers.row_key as response_key,
            answers.file_id,
            '{{ said['survey'] }}' as survey_code,
            answers.chain_key,
            answers.partner_code,
            {{ named('answers.' ~ number_column(dataset), 'response_no') }},
            {{ named(identity_or_null(dataset, 'customer', 'answers'), 'customer_hash') }},
            {{ named(identity_or_null(dataset, 'email', 'answers'), 'email_hash') }},
            {{ named(identity_or_null(dataset, 'phone', 'answers'), 'phone_hash') }},
            {{ named(column_or_null(dataset, 'survey_mode', dbt.type_string(), 'answers'), 'survey_mode') }},
            {{ named('answers.' ~ day_column(dataset, said['answered']), 'response_on') }},
            {{ named(moment_or_null(dataset, 'answered', 'answers'), 'response_at') }},
            {{ 'orders.row_key' if is_of_order else 'cast(null as bigint)' }} as transaction_key,
            answers.score,
            {{ programme_columns(dataset, 'answers') }}
        from {{ ref('stg_' ~ dataset) }} as answers
        {%- if is_of_order %}
        left join {{ ref('stg_' ~ owner) }} as orders
            on {{ equal_columns('answers', 'orders', said['belongs_to']['by']) }}
        {%- endif %}
        {% if not loop.last %}
            union all

        {% endif -%}
    {% endfor %}

),

answered_alone as (

    select
        answers.response_key,
        answers.file_id,
        cast(null as bigint) as invitation_key,
        surveys.survey_key,
        surveys.link_code,
        surveys.touchpoint_code,
        answers.chain_key,
        answers.partner_code,
        answers.response_no,
        {{ resolved_customer(['customer_nodes', 'email_nodes', 'phone_nodes']) }} as customer_key,
        answers.transaction_key,
        {{ named_by([
            ('answers.customer_hash', 'customer_nodes', 'number'),
            ('answers.email_hash', 'email_nodes', 'email'),
            ('answers.phone_hash', 'phone_nodes', 'phone'),
        ]) }} as named_by,
        {{ held_by() }} as held_by,
        answers.survey_mode,
        cast(null as timestamp) as sent_at,
        answers.response_on,
        answers.response_at,
        answers.score,
        answers.programme_status,
        answers.exclusion_reason,
        answers.later_score,
        answers.is_answer_replaced
    from answered_without_invitation as answers
    inner join surveys on answers.survey_code = surveys.survey_code
    left join nodes as customer_nodes on {{ node_of('answers.customer_hash', 'customer_nodes', 'customer') }}
    left join nodes as email_nodes on {{ node_of('answers.email_hash', 'email_nodes', 'email') }}
    left join nodes as phone_nodes on {{ node_of('answers.phone_hash', 'phone_nodes', 'phone') }}

),

unioned as (

    select * from answered_on_the_invitation
    {% for dataset in surveys_holding('answers') if answers_apart(dataset) -%}
        union all
        select * from {{ dataset }}
    {% endfor -%}
    union all
    select * from answered_alone

)

select
    unioned.*,
    rescored.rescored_key
from unioned
left join rescored on unioned.response_key = rescored.row_key
where {{ is_touched_event('unioned.response_key') }}
