with

{% call kept_cte('again_edge_0') %}

    select
        edges.node_a,
        edges.node_b
    from ({{ suspect_edges() }}) as edges
    left join {{ ref('int_identity_side') }} as side_a on edges.node_a = side_a.node_key
    left join {{ ref('int_identity_side') }} as side_b on edges.node_b = side_b.node_key
    where
        (side_a.node_key is null and side_b.node_key is null)
        or side_a.side = side_b.side

{% endcall %},

{{ components('again_') }},

met as (

    select * from {{ ref('int_identity_met') }}

),

decisions as (

    select * from {{ ref('int_identity_decision') }}

),

clusters as (

    select * from {{ ref('int_identity_cluster') }}

),

suspects as (

    select * from {{ ref('int_identity_suspect') }}

),

hubs as (

    select * from {{ ref('int_identity_hub') }}

),

strands as (

    select * from {{ ref('int_identity_strand') }}

),

sides as (

    select * from {{ ref('int_identity_side') }}

),

cut as (

    select
        node_key,
        min(reason_code) as reason_code
    from (
        select
            node_key,
            reason_code
        from hubs
        union all
        select
            node_key,
            'chain_of_people' as reason_code
        from strands
        union all
        select
            node_key,
            'not_same' as reason_code
        from sides
        where side is null
    ) as reasons
    group by node_key

),

-- a number that was decided about may have met nothing
decided as (

    select node_a as node_key from decisions
    union
    select node_b as node_key from decisions

),

nodes as (

    select
        node_key,
        node_kind
    from met
    union all
    select
        decided.node_key,
        'customer' as node_kind
    from decided
    left join met on decided.node_key = met.node_key
    where met.node_key is null

)

select
    nodes.node_key,
    nodes.node_kind,
    cut.node_key is not null as is_hub,
    cut.reason_code as cut_reason,
    suspects.cluster_key as cut_cluster_key,
    -- a customer number shared by many is one company's account; a shared address or unit is nobody's
    case
        when cut.node_key is not null and nodes.node_kind != 'customer' then null
        when suspects.node_key is not null then coalesce(again_roots.customer_key, nodes.node_key)
        -- who has no neighbour but hubs never moves
        else coalesce(clusters.cluster_key, nodes.node_key)
    end as customer_key
from nodes
left join clusters on nodes.node_key = clusters.node_key
left join cut on nodes.node_key = cut.node_key
left join suspects on nodes.node_key = suspects.node_key
left join again_roots on nodes.node_key = again_roots.node_key
