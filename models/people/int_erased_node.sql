with

erased as (

    select * from {{ ref('int_erased_customer') }}

),

nodes as (

    select * from {{ ref('int_identity_node') }}

)

select nodes.node_key
from nodes
inner join erased on nodes.customer_key = erased.customer_key

union

select customer_key as node_key
from erased
