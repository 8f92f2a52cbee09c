{{ config(
    pre_hook="{{ keep_before() }}",
) }}

with

identities as (

    {{ all_identities() }}

),

customer_keys as (

    select * from {{ ref('int_customer_key') }}

)

select
    identities.node_key,
    identities.node_kind,
    identities.is_hub,
    coalesce(customer_keys.customer_key, {{ usual_customer_key('identities.component_key') }}) as customer_key
from identities
left join customer_keys on identities.component_key = customer_keys.component_key
