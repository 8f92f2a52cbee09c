{%- set record_sources = [
    ('dealer_customers', ['customer_hash', 'email_hash', 'phone_hash']),
    ('shop_customers', ['loyalty_hash', 'email_hash', 'phone_hash']),
    ('units_owned', ['customer_hash', 'owner_node']),
    ('survey_contacts', ['email_hash', 'phone_hash', 'owner_node']),
    ('shop_answers', ['loyalty_hash', 'email_hash']),
    ('callers', ['loyalty_hash', 'email_hash', 'phone_hash', 'owner_node']),
] -%}
{%- set record_pairs = pairs_of(record_sources) -%}

with

ownership as (

    select * from {{ ref('int_ownership') }}

),

dealer_customers as {{ inline_cte() }} (

    select * from {{ ref('stg_dealer__customers') }}

),

shop_customers as {{ inline_cte() }} (

    select * from {{ ref('stg_shop__customers') }}

),

orders_on_units as (

    select
        customer_hash,
        serial_hash,
        delivered_on as happened_on
    from {{ ref('stg_dealer__sales_orders') }}

    union all

    select
        customer_hash,
        serial_hash,
        completed_on as happened_on
    from {{ ref('stg_dealer__service_orders') }}
    where serial_hash is not null

),

units_owned as (

    select distinct
        orders_on_units.customer_hash,
        {{ owner_node('orders_on_units.serial_hash', 'ownership') }} as owner_node
    from orders_on_units
    left join ownership
        on {{ owned_on('orders_on_units.serial_hash', 'orders_on_units.happened_on', 'ownership') }}

),

survey_addresses as (

    select
        email_hash,
        phone_hash,
        serial_hash,
        sent_on
    from {{ ref('stg_manufacturer__survey_invitations') }}

    union all

    select
        email_hash,
        phone_hash,
        serial_hash,
        sent_on
    from {{ ref('stg_importer__ownership_survey') }}

),

-- After a resale the unit says nothing: the survey is at times still sent to whoever owned it before, and would make
-- one person of two owners.
survey_contacts as (

    select
        survey_addresses.email_hash,
        survey_addresses.phone_hash,
        case
            when coalesce(ownership.ownership_number, 0) <= 1
                then {{ owner_node('survey_addresses.serial_hash', 'ownership') }}
        end as owner_node
    from survey_addresses
    left join ownership
        on {{ owned_on('survey_addresses.serial_hash', 'survey_addresses.sent_on', 'ownership') }}

),

shop_answers as (

    select * from {{ ref('stg_shop__survey') }}

),

contacts as (

    select * from {{ ref('stg_contact_centre__contacts') }}

),

callers as (

    select
        contacts.loyalty_hash,
        contacts.email_hash,
        contacts.phone_hash,
        {{ owner_node('contacts.serial_hash', 'ownership') }} as owner_node
    from contacts
    left join ownership
        on {{ owned_on('contacts.serial_hash', 'contacts.opened_on', 'ownership') }}

),

pairs as (

    {% for source, a, b in record_pairs %}
        select
            {{ a }} as node_a,
            {{ b }} as node_b,
            '{{ node_kinds()[a] }}' as kind_a,
            '{{ node_kinds()[b] }}' as kind_b
        from {{ source }}
        where {{ a }} is not null and {{ b }} is not null
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}

)

-- the smaller key first, so that a pair that two records name is one row
select distinct
    least(node_a, node_b) as node_a,
    greatest(node_a, node_b) as node_b,
    case when node_a < node_b then kind_a else kind_b end as kind_a,
    case when node_a < node_b then kind_b else kind_a end as kind_b
from pairs
where node_a != node_b
