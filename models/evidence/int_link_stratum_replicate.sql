{#- The sums of int_link_bucket, drawn once per bootstrap replicate. -#}
with

buckets as (

    select * from {{ ref('int_link_bucket') }}

),

weights as (

    select * from {{ ref('int_bootstrap_weight') }}

)

select
    buckets.chain_link_key,
    buckets.tenure_band_key,
    buckets.segment,
    weights.replicate,
    {%- for category in ['promoter', 'passive', 'detractor'] %}
        sum(weights.weight * buckets.{{ category }}s) as {{ category }}s,
        sum(weights.weight * buckets.trailing_{{ category }}s) as trailing_{{ category }}s,
        sum(weights.weight * buckets.retained_{{ category }}s_e9) as retained_{{ category }}s_e9,
    {%- endfor %}
    sum(weights.weight * buckets.exposed) as exposed,
    sum(weights.weight * buckets.exposed_once_e9) as exposed_once_e9,
    sum(weights.weight * buckets.retained_with_margin) as retained_with_margin,
    sum(weights.weight * buckets.margin_eur) as margin_eur
from buckets
inner join weights on buckets.bucket = weights.bucket
group by buckets.chain_link_key, buckets.tenure_band_key, buckets.segment, weights.replicate
