{#- Expected loss per link, quarter and bootstrap replicate, and what was avoided against the same quarter a year
    earlier. Replicate 0 is the estimate. A category's retention is one figure for all quarters (recent quarters have not been
    followed for a whole window), so that a quarter's loss moves with its score mix. -#}
with

buckets as (

    select * from {{ ref('int_business_bucket') }}

),

weights as (

    select * from {{ ref('int_bootstrap_weight') }}

),

categories as (

    select * from {{ ref('int_category_replicate') }}

),

link_margins as (

    select * from {{ ref('int_link_replicate') }}

),

drawn as (

    select
        buckets.chain_link_key,
        buckets.quarter_start_on,
        weights.replicate,
        cast(sum(weights.weight * buckets.exposed) as double) as exposed,
        cast(sum(weights.weight * buckets.promoters) as double) as promoters,
        cast(sum(weights.weight * buckets.passives) as double) as passives,
        cast(sum(weights.weight * buckets.detractors) as double) as detractors
    from buckets
    inner join weights on buckets.bucket = weights.bucket
    group by buckets.chain_link_key, buckets.quarter_start_on, weights.replicate

),

retained as (

    select
        drawn.chain_link_key,
        drawn.quarter_start_on,
        drawn.replicate,
        drawn.exposed,
        link_margins.margin_per_retained_eur,
        categories.promoter_retention,
        (
            drawn.promoters * categories.promoter_retention
            -- a category that nobody was followed of cannot be weighed with a quarter's scores
            + case when drawn.passives > 0 then drawn.passives * categories.passive_retention else 0 end
            + case when drawn.detractors > 0 then drawn.detractors * categories.detractor_retention else 0 end
        ) / nullif(drawn.promoters + drawn.passives + drawn.detractors, 0) as retention
    from drawn
    inner join categories
        on drawn.chain_link_key = categories.chain_link_key and drawn.replicate = categories.replicate
    left join link_margins
        on drawn.chain_link_key = link_margins.chain_link_key and drawn.replicate = link_margins.replicate

)

select
    retained.chain_link_key,
    retained.quarter_start_on,
    retained.replicate,
    retained.exposed,
    retained.retention,
    retained.exposed * (1 - retained.retention) as expected_lost_customers,
    retained.exposed * (retained.promoter_retention - retained.retention) * retained.margin_per_retained_eur
        as value_at_stake_eur,
    -- at today's number of customers, so that a busier quarter is no loss
    retained.exposed * (retained.retention - year_earlier.retention) as lost_customers_avoided,
    retained.exposed * (retained.retention - year_earlier.retention) * retained.margin_per_retained_eur
        as loss_avoided_eur
from retained
left join retained as year_earlier
    on
        retained.chain_link_key = year_earlier.chain_link_key
        and retained.replicate = year_earlier.replicate
        and retained.quarter_start_on = cast({{ dbt.dateadd('year', 1, 'year_earlier.quarter_start_on') }} as date)
