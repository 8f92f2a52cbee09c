with

identities as (

    {{ all_identities() }}

),

keys_before as (

    select * from {{ source('raw', 'raw_customer_keys') }}

)

select
    keys_before.customer_key as old_customer_key,
    identities.component_key,
    count(*) as identities
from keys_before
inner join identities on keys_before.node_key = identities.node_key
where identities.component_key is not null
group by keys_before.customer_key, identities.component_key
