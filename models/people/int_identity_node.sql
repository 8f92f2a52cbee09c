with

{% call kept_cte('nodes') %}

    select
        *,
        max_neighbours > {{ var('identity_hub_max_neighbours') }} as is_hub
    from (
        select
            node_key,
            min(node_kind) as node_kind,
            greatest({{ neighbours_of_each_kind() }}) as max_neighbours
        from (
            select
                node_a as node_key,
                kind_a as node_kind,
                kind_b as neighbour_kind
            from {{ ref('int_identity_pair') }}
            union all
            select
                node_b as node_key,
                kind_b as node_kind,
                kind_a as neighbour_kind
            from {{ ref('int_identity_pair') }}
        ) as ends
        group by node_key
    ) as counted

{% endcall %},

{% call kept_cte('hubs') %}

    select node_key
    from nodes
    where is_hub

{% endcall %},

{% call kept_cte('edge_0') %}

    select
        pairs.node_a,
        pairs.node_b
    from {{ ref('int_identity_pair') }} as pairs
    left join hubs as hub_a on pairs.node_a = hub_a.node_key
    left join hubs as hub_b on pairs.node_b = hub_b.node_key
    where hub_a.node_key is null and hub_b.node_key is null

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
