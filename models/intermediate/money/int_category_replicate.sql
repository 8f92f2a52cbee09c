{#- Retention per category and revenue at risk per bootstrap replicate; replicate 0 is the estimate. Strata and
    borrowing are those of int_link_replicate. -#}
{%- set categories = ['promoter', 'passive', 'detractor'] -%}
with

link_buckets as (

    select * from {{ ref('int_link_bucket') }}

),

detractor_margins as (

    select * from {{ ref('int_detractor_margin') }}

),

weights as (

    select * from {{ ref('int_bootstrap_weight') }}

),

buckets as (

    select
        chain_link_key,
        tenure_band_key,
        segment,
        bucket,
        exposed,
        {%- for category in categories %}
            {{ category }}s,
            retained_{{ category }}s_e9,
        {%- endfor %}
        cast(0 as decimal(18, 2)) as detractor_margin_eur
    from link_buckets

    union all

    select
        chain_link_key,
        tenure_band_key,
        segment,
        bucket,
        cast(0 as bigint) as exposed,
        {%- for category in categories %}
            cast(0 as bigint) as {{ category }}s,
            cast(0 as bigint) as retained_{{ category }}s_e9,
        {%- endfor %}
        detractor_margin_eur
    from detractor_margins

),

strata as (

    select
        buckets.chain_link_key,
        buckets.tenure_band_key,
        buckets.segment,
        weights.replicate,
        sum(weights.weight * buckets.exposed) as exposed,
        {%- for category in categories %}
            sum(weights.weight * buckets.{{ category }}s) as {{ category }}s,
            sum(weights.weight * buckets.retained_{{ category }}s_e9) as retained_{{ category }}s_e9,
        {%- endfor %}
        sum(weights.weight * buckets.detractor_margin_eur) as detractor_margin_eur
    from buckets
    inner join weights on buckets.bucket = weights.bucket
    group by buckets.chain_link_key, buckets.tenure_band_key, buckets.segment, weights.replicate

),

links as (

    select
        chain_link_key,
        replicate,
        {%- for category in categories %}
            sum(retained_{{ category }}s_e9) as retained_{{ category }}s_e9,
            sum({{ category }}s) as {{ category }}s{% if not loop.last %},{% endif %}
        {%- endfor %}
    from strata
    group by chain_link_key, replicate

),

strata_that_stand_alone as (

    select
        chain_link_key,
        tenure_band_key,
        segment,
        {%- for category in categories %}
            {{ category }}s >= {{ var('min_responses_stratum') }}
                as has_{{ category }}s{% if not loop.last %},{% endif %}
        {%- endfor %}
    from strata
    where replicate = 0

),

retentions as (

    select
        strata.chain_link_key,
        strata.replicate,
        strata.exposed,
        cast(strata.detractor_margin_eur as double) as detractor_margin_eur,
        {%- for category in categories %}
            {{ stratum_retention(category) }} as {{ category }}_retention{% if not loop.last %},{% endif %}
        {%- endfor %}
    from strata
    inner join strata_that_stand_alone
        on
            strata.chain_link_key = strata_that_stand_alone.chain_link_key
            and strata.tenure_band_key = strata_that_stand_alone.tenure_band_key
            and strata.segment = strata_that_stand_alone.segment
    inner join links
        on strata.chain_link_key = links.chain_link_key and strata.replicate = links.replicate

)

select
    chain_link_key,
    replicate,
    {%- for category in categories %}
        {{ stable_sum('exposed * ' ~ category ~ '_retention', 9) }} / nullif(cast(sum(exposed) as double), 0)
            as {{ category }}_retention,
    {%- endfor %}
    {{ stable_sum('detractor_margin_eur * promoter_retention', 9) }} as margin_kept_as_promoters_eur,
    {{ stable_sum('detractor_margin_eur * detractor_retention', 9) }} as margin_kept_as_detractors_eur,
    greatest(0, {{ stable_sum('detractor_margin_eur * (promoter_retention - detractor_retention)', 9) }})
        as revenue_at_risk_eur
from retentions
group by chain_link_key, replicate
