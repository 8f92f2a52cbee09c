with

ends as {{ inline_cte() }} (

    {{ ends_of(ref('int_identity_pair')) }}

)

select
    node_key,
    min(node_kind) as node_kind,
    {{ neighbours_of_each_kind() }}
from ends
group by node_key
