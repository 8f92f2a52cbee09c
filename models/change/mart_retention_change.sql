{#- A chain's retention is taken as the sum over links and categories of
    link share x share of the category at the link x retention of the category at the link,
    which is the mean of the links' retention by where the responses were given. -#}
{%- set factors = ['link_share', 'category_share', 'retention'] -%}
{%- set grain = 'chain_key, comparison, quarter_start_on' -%}
with

cohorts as (

    select * from {{ ref('int_retention_cohort') }}

),

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

chains as (

    select * from {{ ref('dim_chain') }}

),

link_nps as (

    select * from {{ ref('mart_nps_by_link') }}

),

comparisons as (

    select * from {{ ref('comparisons') }}
    where quarters_long = 1

),

categories as (

    select distinct nps_category from cohorts

),

link_quarters as (

    select
        cohorts.chain_link_key,
        cohorts.quarter_start_on,
        sum(cohorts.responses) as responses,
        -- nobody is left to tell what became of a category over the window
        max(case when cohorts.retention is null then 1 else 0 end) as has_unknown,
        max(case when link_nps.is_suppressed then 1 else 0 end) as is_suppressed
    from cohorts
    inner join link_nps
        on
            cohorts.chain_link_key = link_nps.chain_link_key
            and cohorts.quarter_start_on = link_nps.quarter_start_on
    group by cohorts.chain_link_key, cohorts.quarter_start_on

),

link_comparisons as (

    select
        link_quarters.*,
        comparisons.comparison,
        cast({{ dbt.dateadd('month', '-3 * comparisons.quarters_apart', 'link_quarters.quarter_start_on') }} as date)
            as previous_quarter_start_on
    from link_quarters
    cross join comparisons

),

pairs as (

    select
        chain_links.chain_key,
        chain_links.chain_code,
        chain_links.link_code,
        link_comparisons.chain_link_key,
        link_comparisons.comparison,
        link_comparisons.quarter_start_on,
        link_comparisons.previous_quarter_start_on,
        link_comparisons.responses as responses_after,
        previous_quarters.responses as responses_before,
        case
            when least(link_comparisons.responses, previous_quarters.responses) < {{ var('min_responses_shown') }}
                then 'fewer than {{ var("min_responses_shown") }} responses followed in one of the two quarters'
            when greatest(link_comparisons.is_suppressed, previous_quarters.is_suppressed) = 1
                then 'the NPS of the link is suppressed in one of the two quarters'
            when greatest(link_comparisons.has_unknown, previous_quarters.has_unknown) = 1
                then 'nobody of a category was followed to the end of the window in one of the two quarters'
        end as suppression_reason
    from link_comparisons
    inner join link_quarters as previous_quarters
        on
            link_comparisons.chain_link_key = previous_quarters.chain_link_key
            and link_comparisons.previous_quarter_start_on = previous_quarters.quarter_start_on
    inner join chain_links on link_comparisons.chain_link_key = chain_links.chain_link_key

),

weighed as (

    select
        *,
        responses_before / cast(sum(responses_before) over (partition by {{ grain }}) as double) as link_share_before,
        responses_after / cast(sum(responses_after) over (partition by {{ grain }}) as double) as link_share_after
    from pairs
    where suppression_reason is null

),

cells as (

    select
        weighed.chain_key,
        weighed.chain_link_key,
        weighed.comparison,
        weighed.quarter_start_on,
        weighed.link_share_before,
        weighed.link_share_after,
        coalesce(cohorts_before.responses, 0) / cast(weighed.responses_before as double) as category_share_before,
        coalesce(cohorts_after.responses, 0) / cast(weighed.responses_after as double) as category_share_after,
        -- a category that is empty in one of the quarters has no retention then, and so no change of it
        coalesce(cohorts_before.retention, cohorts_after.retention, 0) as retention_before,
        coalesce(cohorts_after.retention, cohorts_before.retention, 0) as retention_after
    from weighed
    cross join categories
    left join cohorts as cohorts_before
        on
            weighed.chain_link_key = cohorts_before.chain_link_key
            and weighed.previous_quarter_start_on = cohorts_before.quarter_start_on
            and categories.nps_category = cohorts_before.nps_category
    left join cohorts as cohorts_after
        on
            weighed.chain_link_key = cohorts_after.chain_link_key
            and weighed.quarter_start_on = cohorts_after.quarter_start_on
            and categories.nps_category = cohorts_after.nps_category

),

cell_parts as (

    select
        *,
        category_share_before * retention_before as weighted_before,
        category_share_after * retention_after as weighted_after,
        {{ das_gupta_effect(factors, 'link_share') }} as link_share_effect,
        {{ das_gupta_effect(factors, 'category_share') }} as category_share_effect,
        {{ das_gupta_effect(factors, 'retention') }} as retention_effect
    from cells

),

link_parts as (

    select
        {{ grain }},
        chain_link_key,
        link_share_before,
        link_share_after,
        {{ stable_sum('weighted_before', 30) }} as retention_before,
        {{ stable_sum('weighted_after', 30) }} as retention_after,
        {{ stable_sum('link_share_effect', 30) }} as link_share_effect,
        {{ stable_sum('category_share_effect', 30) }} as category_share_effect,
        {{ stable_sum('retention_effect', 30) }} as retention_effect
    from cell_parts
    group by {{ grain }}, chain_link_key, link_share_before, link_share_after

),

chain_retention as (

    select
        *,
        {{ stable_sum('link_share_before * retention_before', 30, 'partition by ' ~ grain) }} as chain_retention_before,
        {{ stable_sum('link_share_after * retention_after', 30, 'partition by ' ~ grain) }} as chain_retention_after
    from link_parts

),

centred as (

    select
        chain_link_key,
        comparison,
        quarter_start_on,
        link_share_before,
        link_share_after,
        retention_before,
        retention_after,
        chain_retention_before,
        chain_retention_after,
        -- shares add up to 1, so that this changes no sum; a growing link of average retention has no part
        link_share_effect
        - (link_share_after - link_share_before) * (chain_retention_before + chain_retention_after) / 2
            as link_mix_effect,
        category_share_effect as score_mix_effect,
        retention_effect as category_retention_effect
    from chain_retention

)

select
    pairs.chain_link_key,
    pairs.chain_code,
    pairs.link_code,
    pairs.comparison,
    pairs.quarter_start_on,
    pairs.previous_quarter_start_on,
    chains.retention_window_days,
    case when centred.chain_link_key is not null then cast(pairs.responses_after as bigint) end as responses,
    case when centred.chain_link_key is not null then cast(pairs.responses_before as bigint) end as previous_responses,
    centred.link_share_after as response_share,
    centred.link_share_before as previous_response_share,
    -- shares of a whole are no exact fractions: where everybody stays, their sum may be 1 and a rounding error
    {{ bounded('centred.retention_after', 0, 1) }} as retention,
    {{ bounded('centred.retention_before', 0, 1) }} as previous_retention,
    centred.link_mix_effect,
    centred.score_mix_effect,
    centred.category_retention_effect,
    centred.link_mix_effect + centred.score_mix_effect + centred.category_retention_effect as effect,
    {{ bounded('centred.chain_retention_after', 0, 1) }} as chain_retention,
    {{ bounded('centred.chain_retention_before', 0, 1) }} as previous_chain_retention,
    centred.chain_retention_after - centred.chain_retention_before as chain_retention_change,
    pairs.suppression_reason is not null as is_suppressed,
    pairs.suppression_reason
from pairs
inner join chains on pairs.chain_key = chains.chain_key
left join centred
    on
        pairs.chain_link_key = centred.chain_link_key
        and pairs.comparison = centred.comparison
        and pairs.quarter_start_on = centred.quarter_start_on
