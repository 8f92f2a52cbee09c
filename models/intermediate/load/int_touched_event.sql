{#- Keys of events that may come out otherwise than in the last load: their row is touched, or who they belong to. -#}
{%- set orders = {
    'dealer__sales_orders': 'dealer__post_sale_survey',
    'dealer__service_orders': 'dealer__post_service_survey',
} -%}
{%- set in_rows = 'in (select row_key from touched_rows)' -%}
{%- set in_nodes = 'in (select node_key from touched_nodes)' -%}
{%- set in_serials = 'in (select serial_hash from touched_serials)' -%}
with

touched_rows as (

    select * from {{ ref('int_touched_row') }}

),

touched_nodes as (

    select * from {{ ref('int_touched_node') }}

),

touched_serials as (

    select * from {{ ref('int_touched_serial') }}

),

sales_orders as (

    select
        row_key,
        partner_code,
        order_no
    from {{ ref('stg_dealer__sales_orders') }}
    where {{ touched_where('row_key ' ~ in_rows ~ ' or customer_hash ' ~ in_nodes ~ ' or serial_hash ' ~ in_serials) }}

),

service_orders as (

    select
        row_key,
        partner_code,
        order_no
    from {{ ref('stg_dealer__service_orders') }}
    where {{ touched_where('row_key ' ~ in_rows ~ ' or customer_hash ' ~ in_nodes) }}

),

receipts as (

    select row_key
    from {{ ref('stg_shop__receipts') }}
    where {{ touched_where('row_key ' ~ in_rows ~ ' or loyalty_hash ' ~ in_nodes) }}

),

contacts as (

    select
        row_key,
        partner_code,
        contact_id
    from {{ ref('stg_contact_centre__contacts') }}
    where
        {{ touched_where(
            'row_key ' ~ in_rows ~ ' or loyalty_hash ' ~ in_nodes ~ ' or email_hash ' ~ in_nodes
            ~ ' or phone_hash ' ~ in_nodes ~ ' or serial_hash ' ~ in_serials
        ) }}

),

shop_answers as (

    select row_key
    from {{ ref('stg_shop__survey') }}
    where {{ touched_where('row_key ' ~ in_rows ~ ' or loyalty_hash ' ~ in_nodes ~ ' or email_hash ' ~ in_nodes) }}

),

-- an answer that came or went says whether its invitation was answered, and the invitation whose answer it is
brand_answer_rows as (

    select
        row_key,
        partner_code,
        invitation_id
    from {{ ref('stg_manufacturer__survey_answers') }}
    where {{ touched_where('row_key ' ~ in_rows) }}

),

brand_answer_keys as (

    select
        partner_code,
        invitation_id
    from brand_answer_rows

    {% if loads_changes() -%}
        union all

        {{ changed_keys('manufacturer__survey_answers', ['partner_code', 'invitation_id']) }}
    {%- endif %}

),

brand_invitations as (

    select
        row_key,
        partner_code,
        invitation_id
    from {{ ref('stg_manufacturer__survey_invitations') }}
    where
        {{ touched_where(
            'row_key ' ~ in_rows ~ ' or email_hash ' ~ in_nodes ~ ' or phone_hash ' ~ in_nodes
            ~ ' or serial_hash ' ~ in_serials
            ~ ' or (partner_code, invitation_id) in (select partner_code, invitation_id from brand_answer_keys)'
        ) }}

),

brand_answers as (

    select row_key
    from {{ ref('stg_manufacturer__survey_answers') }}
    where
        {{ touched_where(
            'row_key ' ~ in_rows
            ~ ' or (partner_code, invitation_id) in (select partner_code, invitation_id from brand_invitations)'
        ) }}

),

ownership_surveys as (

    select row_key
    from {{ ref('stg_importer__ownership_survey') }}
    where
        {{ touched_where(
            'row_key ' ~ in_rows ~ ' or email_hash ' ~ in_nodes ~ ' or phone_hash ' ~ in_nodes
            ~ ' or serial_hash ' ~ in_serials
        ) }}

),

{% for order_dataset, survey_dataset in orders.items() -%}
    {{ order_dataset }}_keys as (

        select
            partner_code,
            order_no
        from {{ order_dataset | replace('dealer__', '') }}

        {% if loads_changes() -%}
            union all

            -- an order that its unit's day of building refuses now has left staging
            select
                partner_code,
                order_no
            from {{ ref('base_' ~ order_dataset) }}
            where row_key in (select row_key from touched_rows)

            union all

            {{ changed_keys(order_dataset, ['partner_code', 'order_no']) }}
        {%- endif %}

    ),

    {{ survey_dataset }}_rows as (

        select row_key
        from {{ ref('stg_' ~ survey_dataset) }}
        where
            {{ touched_where(
                'row_key ' ~ in_rows ~ ' or customer_hash ' ~ in_nodes
                ~ ' or (partner_code, order_no) in (select partner_code, order_no from ' ~ order_dataset ~ '_keys)'
            ) }}

    ),

{% endfor -%}

contact_keys as (

    select
        partner_code,
        contact_id
    from contacts

    {% if loads_changes() -%}
        union all

        {{ changed_keys('contact_centre__contacts', ['partner_code', 'contact_id']) }}
    {%- endif %}

),

contact_surveys as (

    select row_key
    from {{ ref('stg_contact_centre__surveys') }}
    where
        {{ touched_where(
            'row_key ' ~ in_rows
            ~ ' or (partner_code, contact_id) in (select partner_code, contact_id from contact_keys)'
        ) }}

),

unioned as (

    select row_key from touched_rows
    {% for touched in [
        'sales_orders', 'service_orders', 'receipts', 'contacts', 'shop_answers', 'brand_invitations', 'brand_answers',
        'ownership_surveys', 'dealer__post_sale_survey_rows', 'dealer__post_service_survey_rows', 'contact_surveys',
    ] %}
        union all
        select row_key from {{ touched }}
    {% endfor %}

)

select distinct row_key
from unioned
