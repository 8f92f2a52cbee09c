{{ config(group='people') }}

-- Two linked identities that are no hubs must be one customer: fails when identity_rounds is too small.
with

pairs as (

    {{ linking_pairs() }}

)

select
    pairs.node_a,
    pairs.node_b
from pairs
inner join {{ ref('int_identity_node') }} as nodes_a on pairs.node_a = nodes_a.node_key
inner join {{ ref('int_identity_node') }} as nodes_b on pairs.node_b = nodes_b.node_key
left join {{ ref('int_identity_side') }} as sides_a on pairs.node_a = sides_a.node_key
left join {{ ref('int_identity_side') }} as sides_b on pairs.node_b = sides_b.node_key
where
    not nodes_a.is_hub
    and not nodes_b.is_hub
    and nodes_a.customer_key != nodes_b.customer_key
    -- what was decided about goes with its side
    and sides_a.node_key is null
    and sides_b.node_key is null
