{#- How often replicate r draws the customers of bucket b: Poisson(1), from a hash of the two by integer arithmetic
    alone, so the same input gives the same answer on any engine. Replicate 0 draws everybody once: the estimate. Those below 0
    draw once who is linked more strictly. -#}
with

replicates as (

    {{ dbt.generate_series(var('bootstrap_replicates')) }}

),

buckets as (

    {{ dbt.generate_series(var('bootstrap_buckets')) }}

),

seeded as (

    select
        cast(replicates.generated_number as integer) as replicate,
        cast(buckets.generated_number - 1 as integer) as bucket,
        (
            cast(buckets.generated_number as bigint) * 1103515245
            + cast(replicates.generated_number as bigint) * 362437069
        ) % 2147483647 as mixed
    from replicates
    cross join buckets

),

round_1 as (

    select replicate, bucket, {{ hash_round('mixed', 48271, 69621) }} as mixed from seeded

),

round_2 as (

    select replicate, bucket, {{ hash_round('mixed', 16807, 39373) }} as mixed from round_1

),

round_3 as (

    select replicate, bucket, {{ hash_round('mixed', 40692, 45991) }} as mixed from round_2

),

weighed as (

    select
        replicate,
        bucket,
        {{ poisson_weight('mixed / cast(2147483647 as double)') }} as weight
    from round_3

)

select
    replicate,
    bucket,
    cast(weight as integer) as weight
from weighed
where weight > 0

union all

select
    0 as replicate,
    cast(generated_number - 1 as integer) as bucket,
    1 as weight
from buckets
{%- for linking in stricter_linkings() %}
    {%- for held_by in linking['held_by'] %}

        union all

        select
            {{ linking['replicate'] }} as replicate,
            {{ linking_buckets()[held_by] }} as bucket,
            1 as weight
    {%- endfor %}
{%- endfor %}
