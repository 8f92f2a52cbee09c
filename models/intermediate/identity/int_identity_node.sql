{{ config(
    pre_hook="{{ keep_before() }}",
) }}

with

{% call kept_cte('both_ways') %}

    select
        node_a,
        kind_a,
        node_b,
        kind_b
    from {{ ref('int_identity_pair') }}
    union all
    select
        node_b as node_a,
        kind_b as kind_a,
        node_a as node_b,
        kind_a as kind_b
    from {{ ref('int_identity_pair') }}

{% endcall %},

{% call kept_cte('nodes') %}

    select
        node_key,
        min(node_kind) as node_kind,
        max(neighbours) as max_neighbours,
        max(neighbours) > {{ var('identity_hub_max_neighbours') }} as is_hub
    from (
        select
            node_a as node_key,
            kind_a as node_kind,
            kind_b,
            count(*) as neighbours
        from both_ways
        group by node_a, kind_a, kind_b
    ) as neighbours_by_kind
    group by node_key

{% endcall %},

{% call kept_cte('edge_0') %}

    select
        both_ways.node_a,
        both_ways.node_b
    from both_ways
    inner join nodes as nodes_a on both_ways.node_a = nodes_a.node_key and not nodes_a.is_hub
    inner join nodes as nodes_b on both_ways.node_b = nodes_b.node_key and not nodes_b.is_hub

{% endcall %},

{% for number in range(var('identity_rounds')) %}
{{ contraction_round(number) }}
{% endfor %}

{% for number in range(var('identity_rounds') - 1, -1, -1) %}
{{ contraction_root(number, is_last=loop.first) }}
{% endfor %}

roots as (

    select * from root_0

)

select
    nodes.node_key,
    nodes.node_kind,
    nodes.max_neighbours,
    nodes.is_hub,
    -- a customer number shared by many is one company's account; a shared address or unit is nobody's
    case
        when not nodes.is_hub or nodes.node_kind = 'customer' then coalesce(roots.customer_key, nodes.node_key)
    end as customer_key
from nodes
-- who has no neighbour but hubs never moves
left join roots on nodes.node_key = roots.node_key
