with

erased as (

    select * from {{ ref('int_erased_customer') }}

),

nodes as (

    select * from {{ ref('int_customer_node') }}

),

requests as (

    select * from {{ ref('stg_chain__erasure_requests') }}

),

asked as (

    select email_hash as node_key from requests
    where email_hash is not null
    union all
    select phone_hash as node_key from requests
    where phone_hash is not null

)

select nodes.node_key
from nodes
inner join erased on nodes.customer_key = erased.customer_key

union

-- one that no accepted row names: a row in quarantine may
select asked.node_key
from asked
left join nodes on asked.node_key = nodes.node_key
where nodes.node_key is null
