{#- Sums and products of every two variables, links' scores and the outcome (variable 0), over the journeys that hold
    both, per bucket of customers: the bootstrap's cost doesn't grow with the data. -#}
with

journeys as (

    select * from {{ ref('int_importance_journey') }}

),

variables as (

    select
        chain_key,
        ownership_age_band_key,
        customer_key,
        link_key as variable_key,
        cast(score as bigint) as amount
    from journeys

    union all

    select
        chain_key,
        ownership_age_band_key,
        customer_key,
        0 as variable_key,
        min(retained_e6) as amount
    from journeys
    group by chain_key, ownership_age_band_key, customer_key

)

select
    a.chain_key,
    a.ownership_age_band_key,
    a.variable_key as variable_a,
    b.variable_key as variable_b,
    cast(a.customer_key % {{ var('bootstrap_buckets') }} as integer) as bucket,
    count(*) as journeys,
    cast(sum(a.amount) as bigint) as sum_a,
    cast(sum(b.amount) as bigint) as sum_b,
    cast(sum(a.amount * a.amount) as bigint) as sum_aa,
    cast(sum(b.amount * b.amount) as bigint) as sum_bb,
    cast(sum(a.amount * b.amount) as bigint) as sum_ab
from variables as a
inner join variables as b
    on
        a.chain_key = b.chain_key
        and a.ownership_age_band_key = b.ownership_age_band_key
        and a.customer_key = b.customer_key
        and a.variable_key <= b.variable_key
group by
    a.chain_key,
    a.ownership_age_band_key,
    a.variable_key,
    b.variable_key,
    a.customer_key % {{ var('bootstrap_buckets') }}
-- the buckets of a stratum together: the bootstrap sums them in half the time
order by a.chain_key, a.ownership_age_band_key, a.variable_key, b.variable_key
