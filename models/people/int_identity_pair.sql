{#- A record of a tier that names two identities makes a pair of them: whose records these are follows from the contract
    (shapes party, transaction, survey and contact). A unit stands for a serial number in the hands of one owner. -#}
{%- set sources = identity_records() -%}
-- noqa: disable=LT02
with

ownership as (

    select * from {{ ref('int_ownership') }}

),

{% for dataset, identities in sources.items() -%}
    {%- set serial = identities.get('serial') -%}
    {{ dataset }}_identities as {{ inline_cte() if not serial }} (

        select {{ 'distinct' if landing_dataset(dataset)['shape'] == 'transaction' }}
            {%- for kind, column in identities.items() if kind != 'serial' %}
            records.{{ column }} as {{ node_kinds()[kind] }}_node{{ ',' if serial or not loop.last }}
            {%- endfor %}
            {%- if serial %}
            {%- if landing_dataset(dataset)['shape'] == 'survey' %}
            -- After a resale the unit says nothing: the survey is at times still sent to whoever owned it before, and
            -- would make one person of two owners.
            case
                when coalesce(ownership.ownership_number, 0) <= 1
                    then {{ owner_node('records.' ~ serial, 'ownership') }}
            end as unit_node
            {%- else %}
            {{ owner_node('records.' ~ serial, 'ownership') }} as unit_node
            {%- endif %}
            {%- endif %}
        from {{ ref('stg_' ~ dataset) }} as records
        {%- if serial %}
        left join ownership
            on {{ owned_on('records.' ~ serial, 'records.' ~ day_of(dataset), 'ownership') }}
        {%- endif %}
        {%- if identities | length == 2 and serial %}
        where records.{{ serial }} is not null
        {%- endif %}

    ),

{% endfor -%}

pairs as (

    {% for dataset, kind_a, kind_b in pairs_of(sources) %}
        select
            {{ kind_a }}_node as node_a,
            {{ kind_b }}_node as node_b,
            '{{ kind_a }}' as kind_a,
            '{{ kind_b }}' as kind_b
        from {{ dataset }}_identities
        where {{ kind_a }}_node is not null and {{ kind_b }}_node is not null
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
