{#- Customers' keys. A customer is a component of identities, named within the warehouse by the smallest of them, a hash of 60
    bits. Its key is that hash modulo a round number: below 2^53, so that it is exact where numbers are read as doubles, and
    made without looking anything up. Where two customers would have one key, or a customer keeps a key from before, the key
    stands in int_customer_key. The modulus is a multiple of 1,000, so that a customer's bucket is that of its hash. -#}
{% macro usual_customer_key(component_key) -%}
    {{ component_key }} % {{ first_given_customer_key() }}
{%- endmacro %}


{#- Keys from here on, up to 2^53, are given in turn to customers whose usual key is another's. -#}
{% macro first_given_customer_key() -%}
    8000000000000000
{%- endmacro %}


{#- The columns by which registrations and events name their customer, as (data set, kind, column). A unit names its owner where
    customers are asked or call; what is sold names its buyer. -#}
{% macro naming_columns() -%}
    {%- set found = [] -%}
    {%- for dataset, said in landing_contract().items() if said['shape'] in ('party', 'transaction', 'survey', 'contact') -%}
        {%- set units_name = said['shape'] == 'contact' or 'invitations' in said['holds'] -%}
        {%- for kind, column in identity_columns(dataset).items() if kind != 'serial' or units_name -%}
            {%- do found.append((dataset, kind, column)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}


{#- All identities with their component: those that met others, and those that never did. -#}
{% macro all_identities() -%}
    select
        node_key,
        node_kind,
        is_hub,
        customer_key as component_key
    from {{ ref('int_identity_node') }}
    union all
    select
        node_key,
        node_kind,
        false as is_hub,
        node_key as component_key
    from {{ ref('int_lone_identity') }}
{%- endmacro %}
