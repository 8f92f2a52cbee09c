{#- Value at stake per bootstrap replicate (methods.md section 5, point 4), links one by one. Replicate 0 is the
    estimate. A stratum with too few respondents of a category borrows the link's own figure over all strata; which strata do is
    decided once, on the estimate, so that replicates differ by their customers only. -#}
{%- set categories = ['promoter', 'passive', 'detractor'] -%}
with

buckets as (

    select * from {{ ref('int_link_bucket') }}

),

weights as (

    select * from {{ ref('int_bootstrap_weight') }}

),

strata as (

    select
        buckets.chain_link_key,
        buckets.tenure_band_key,
        buckets.segment,
        weights.replicate,
        sum(weights.weight * buckets.exposed) as exposed,
        sum(weights.weight * buckets.retained_with_margin) as retained_with_margin,
        sum(weights.weight * buckets.margin_eur) as margin_eur,
        {%- for category in categories %}
            sum(weights.weight * buckets.{{ category }}s) as {{ category }}s,
            sum(weights.weight * buckets.trailing_{{ category }}s) as trailing_{{ category }}s,
            sum(weights.weight * buckets.retained_{{ category }}s_e9) as retained_{{ category }}s_e9
            {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from buckets
    inner join weights on buckets.bucket = weights.bucket
    group by buckets.chain_link_key, buckets.tenure_band_key, buckets.segment, weights.replicate

),

links as (

    select
        chain_link_key,
        replicate,
        sum(exposed) as exposed,
        sum(retained_with_margin) as retained_with_margin,
        sum(margin_eur) as margin_eur,
        {%- for category in categories %}
            sum({{ category }}s) as {{ category }}s,
            sum(trailing_{{ category }}s) as trailing_{{ category }}s,
            sum(retained_{{ category }}s_e9) as retained_{{ category }}s_e9{% if not loop.last %},{% endif %}
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
            {{ category }}s >= {{ var('min_responses_stratum') }} as has_{{ category }}s,
        {%- endfor %}
        trailing_promoters + trailing_passives + trailing_detractors >= {{ var('min_responses_stratum') }} as has_mix
    from strata
    where replicate = 0

),

standardised as (

    select
        strata.chain_link_key,
        strata.replicate,
        strata.exposed,
        {%- for category in categories %}
            {{ stratum_retention(category) }} as {{ category }}_retention,
        {%- endfor %}
        {%- for category in categories %}
            case
                when
                    strata_that_stand_alone.has_mix
                    and strata.trailing_promoters + strata.trailing_passives + strata.trailing_detractors > 0
                    then
                        strata.trailing_{{ category }}s
                        / cast(
                            strata.trailing_promoters + strata.trailing_passives + strata.trailing_detractors as double
                        )
                else
                    links.trailing_{{ category }}s
                    / cast(
                        nullif(
                            links.trailing_promoters + links.trailing_passives + links.trailing_detractors, 0
                        ) as double
                    )
            end as {{ category }}_share{% if not loop.last %},{% endif %}
        {%- endfor %}
    from strata
    inner join strata_that_stand_alone
        on
            strata.chain_link_key = strata_that_stand_alone.chain_link_key
            and strata.tenure_band_key = strata_that_stand_alone.tenure_band_key
            and strata.segment = strata_that_stand_alone.segment
    inner join links
        on strata.chain_link_key = links.chain_link_key and strata.replicate = links.replicate

),

losses as (

    select
        chain_link_key,
        replicate,
        -- a few strata per link: a decimal sum is exact in any order
        sum(
            cast(
                exposed * (
                    promoter_retention
                    - promoter_share * promoter_retention
                    - coalesce(passive_share * passive_retention, 0)
                    - coalesce(detractor_share * detractor_retention, 0)
                ) as decimal(28, 9)
            )
        ) as lost_customers
    from standardised
    where exposed > 0
    group by chain_link_key, replicate

)

select
    links.chain_link_key,
    links.replicate,
    links.exposed,
    cast(losses.lost_customers as double) / links.exposed as excess_loss,
    cast(links.margin_eur as double) / nullif(links.retained_with_margin, 0) as margin_per_retained_eur,
    cast(losses.lost_customers as double) * cast(links.margin_eur as double) / nullif(links.retained_with_margin, 0)
        as value_at_stake_eur
from links
inner join losses on links.chain_link_key = losses.chain_link_key and links.replicate = losses.replicate
