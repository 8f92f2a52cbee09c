{#- What an event or a registration names its customer by (macro resolved_customer) and int_identity_node doesn't
    list. -#}
-- noqa: disable=LT02
with

nodes as (

    select * from {{ ref('int_identity_node') }}

),

ownership as (

    select * from {{ ref('int_ownership') }}

),

named as (

    {% for dataset, kind, column in naming_columns() %}
        select distinct
            {{ owner_node('records.' ~ column, 'ownership') if kind == 'serial' else 'records.' ~ column }} as node_key,
            '{{ node_kinds()[kind] }}' as node_kind
        from {{ ref('stg_' ~ dataset) }} as records
        {%- if kind == 'serial' %}
        left join ownership
            on {{ owned_on('records.' ~ column, 'records.' ~ day_of(dataset), 'ownership') }}
        {%- endif %}
        where records.{{ column }} is not null
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}

)

select
    named.node_key,
    min(named.node_kind) as node_kind
from named
left join nodes on named.node_key = nodes.node_key
where nodes.node_key is null
group by named.node_key
