{{ config(
    materialized=load_materialization(),
    pre_hook="{{ forget_touched_events('contact_key') }}",
) }}

with

ownership as (

    select * from {{ ref('int_ownership') }}

),

nodes as {{ inline_cte() }} (

    select * from {{ ref('int_customer_node') }}

),

unioned as (

    {% for dataset in datasets_of('contact') -%}
        select
            row_key as contact_key,
            file_id,
            '{{ dataset }}' as dataset,
            '{{ landing_dataset(dataset)['touchpoint'] }}' as touchpoint_code,
            chain_key,
            link_key,
            partner_code,
            {{ number_column(dataset) }} as contact_no,
            {{ named(identity_or_null(dataset, 'customer'), 'customer_hash') }},
            {{ named(identity_or_null(dataset, 'email'), 'email_hash') }},
            {{ named(identity_or_null(dataset, 'phone'), 'phone_hash') }},
            {{ named(identity_or_null(dataset, 'serial'), 'serial_hash') }},
            channel,
            reason,
            opened_on,
            opened_at,
            {{ named(column_or_null(dataset, 'closed_at', 'timestamp'), 'closed_at') }},
            {{ named(column_or_null(dataset, 'transfers', 'integer'), 'transfers') }},
            {{ named(column_or_null(dataset, 'resolved', 'boolean'), 'resolved') }},
            {{ euros_or_null(dataset, 'cost') }}
        from {{ ref('stg_' ~ dataset) }}
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
        on {{ owned_on('unioned.serial_hash', 'unioned.opened_on', 'ownership') }}

)

select
    with_owner.contact_key,
    with_owner.file_id,
    with_owner.dataset,
    with_owner.touchpoint_code,
    with_owner.chain_key,
    with_owner.link_key,
    with_owner.partner_code,
    with_owner.contact_no,
    {{ resolved_customer(['customer_nodes', 'email_nodes', 'phone_nodes', 'unit_nodes']) }} as customer_key,
    {{ held_by('unit_nodes') }} as held_by,
    with_owner.channel,
    with_owner.reason,
    with_owner.opened_on,
    with_owner.opened_at,
    with_owner.closed_at,
    with_owner.transfers,
    with_owner.resolved,
    with_owner.cost_eur
from with_owner
left join nodes as customer_nodes on {{ node_of('with_owner.customer_hash', 'customer_nodes', 'customer') }}
left join nodes as email_nodes on {{ node_of('with_owner.email_hash', 'email_nodes', 'email') }}
left join nodes as phone_nodes on {{ node_of('with_owner.phone_hash', 'phone_nodes', 'phone') }}
left join nodes as unit_nodes on {{ node_of('with_owner.owner_node', 'unit_nodes', 'unit') }}
where {{ is_touched_event('with_owner.contact_key') }}
