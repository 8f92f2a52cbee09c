with

builds_before as (

    select * from {{ source('raw', 'raw_customer_builds') }}

),

customer_keys as (

    select * from {{ ref('int_customer_key') }}

),

so_far as (

    select
        coalesce(max(build_number), 0) as build_number,
        coalesce(max(last_given_key), {{ first_given_customer_key() }} - 1) as last_given_key
    from builds_before

),

given as (

    select max(customer_key) as last_given_key
    from customer_keys

)

select
    so_far.build_number + 1 as build_number,
    greatest(so_far.last_given_key, coalesce(given.last_given_key, 0)) as last_given_key
from so_far
cross join given
