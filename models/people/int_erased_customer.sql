with

requests as (

    select * from {{ ref('stg_chain__erasure_requests') }}

),

nodes as (

    select * from {{ ref('int_customer_node') }}

),

identities as (

    select email_hash as node_key from requests
    where email_hash is not null
    union all
    select phone_hash as node_key from requests
    where phone_hash is not null

)

select distinct nodes.customer_key
from identities
inner join nodes on identities.node_key = nodes.node_key
-- a shared address belongs to no single person, so it can't name the one to erase
where not nodes.is_hub
