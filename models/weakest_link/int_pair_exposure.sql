{#- Who met both of two links of a chain in the trailing quarters, per bucket of customers. -#}
with

exposures as (

    select * from {{ ref('int_link_exposure') }}

),

linkings as (

    select * from {{ ref('int_customer_linking') }}

),

met as (

    select
        a.chain_link_key as link_key_a,
        b.chain_link_key as link_key_b,
        cast(a.customer_key % {{ var('bootstrap_buckets') }} as integer) as customer_bucket,
        coalesce(linkings.held_by, 'number') as held_by
    from exposures as a
    inner join exposures as b
        on a.customer_key = b.customer_key and a.chain_key = b.chain_key and a.chain_link_key < b.chain_link_key
    left join linkings on a.customer_key = linkings.customer_key

)

select
    link_key_a,
    link_key_b,
    {{ bucket_or_linking() }} as bucket,
    count(*) as exposed
from met
-- grouping sets: unknown to the linter's DuckDB
group by
    grouping sets ( -- noqa: PRS, LT02
        (link_key_a, link_key_b, customer_bucket),
        (link_key_a, link_key_b, held_by)
    )
having {{ bucket_or_linking() }} is not null
