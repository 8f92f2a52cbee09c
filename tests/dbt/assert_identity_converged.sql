{{ config(group='people') }}

-- Two linked identities that are no hubs must be one customer: fails when identity_rounds is too small.
select
    pairs.node_a,
    pairs.node_b
from {{ ref('int_identity_pair') }} as pairs
inner join {{ ref('int_identity_node') }} as nodes_a on pairs.node_a = nodes_a.node_key
inner join {{ ref('int_identity_node') }} as nodes_b on pairs.node_b = nodes_b.node_key
where not nodes_a.is_hub and not nodes_b.is_hub and nodes_a.customer_key != nodes_b.customer_key
