{{ config(
    materialized=load_materialization(),
    pre_hook="{{ forget_touched_events('contact_key') }}",
) }}

with

contacts as (

    select * from {{ ref('stg_contact_centre__contacts') }}

),

ownership as (

    select * from {{ ref('int_ownership') }}

),

nodes as {{ inline_cte() }} (

    select * from {{ ref('int_identity_node') }}

),

with_owner as (

    select
        contacts.*,
        {{ owner_node('contacts.serial_hash', 'ownership') }} as owner_node
    from contacts
    left join ownership
        on {{ owned_on('contacts.serial_hash', 'contacts.opened_on', 'ownership') }}

)

select
    with_owner.row_key as contact_key,
    with_owner.file_id,
    with_owner.chain_key,
    with_owner.partner_code,
    with_owner.contact_id as contact_no,
    {{ resolved_customer([
        ('with_owner.loyalty_hash', 'loyalty_nodes'),
        ('with_owner.email_hash', 'email_nodes'),
        ('with_owner.phone_hash', 'phone_nodes'),
        ('with_owner.owner_node', 'unit_nodes'),
    ]) }} as customer_key,
    with_owner.channel,
    with_owner.reason,
    with_owner.opened_on,
    with_owner.opened_at,
    with_owner.closed_at,
    with_owner.transfers,
    with_owner.resolved,
    with_owner.cost_eur
from with_owner
left join nodes as loyalty_nodes on {{ node_of('with_owner.loyalty_hash', 'loyalty_nodes', 'customer') }}
left join nodes as email_nodes on {{ node_of('with_owner.email_hash', 'email_nodes', 'email') }}
left join nodes as phone_nodes on {{ node_of('with_owner.phone_hash', 'phone_nodes', 'phone') }}
left join nodes as unit_nodes on {{ node_of('with_owner.owner_node', 'unit_nodes', 'unit') }}
where {{ is_touched_event('with_owner.row_key') }}
