with

{% call kept_cte('edge_0') %}

    select
        node_a,
        node_b
    from ({{ linking_pairs() }}) as pairs
    union all
    select
        node_a,
        node_b
    from {{ ref('int_identity_decision') }}
    where is_same

{% endcall %},

{{ components('') }}

select
    node_key,
    customer_key as cluster_key
from roots
