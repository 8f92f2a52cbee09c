{{ config(group='evidence') }}

-- Everybody who met a link in the trailing quarters is in the sums that value at stake is made of.
with

met as (

    select
        chain_link_key,
        count(*) as exposed
    from {{ ref('int_link_exposure') }}
    group by chain_link_key

),

counted as (

    select
        chain_link_key,
        sum(exposed) as exposed
    from {{ ref('int_link_bucket') }}
    where bucket < {{ var('bootstrap_buckets') }}
    group by chain_link_key

)

select
    met.chain_link_key,
    met.exposed as exposed_met,
    counted.exposed as exposed_counted
from met
left join counted on met.chain_link_key = counted.chain_link_key
where met.exposed is distinct from counted.exposed
