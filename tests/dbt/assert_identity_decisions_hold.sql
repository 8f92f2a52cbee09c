{{ config(group='people') }}

-- Who was decided not to be the same person is not one customer.
select
    decisions.node_a,
    decisions.node_b
from {{ ref('int_identity_decision') }} as decisions
inner join {{ ref('int_identity_node') }} as nodes_a on decisions.node_a = nodes_a.node_key
inner join {{ ref('int_identity_node') }} as nodes_b on decisions.node_b = nodes_b.node_key
where not decisions.is_same and nodes_a.customer_key = nodes_b.customer_key
