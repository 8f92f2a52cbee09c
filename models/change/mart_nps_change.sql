{#- A member that is hidden in either quarter is pooled with the other hidden ones of its total. The pool is what the
    shown members leave of a total that mart_nps_by_link shows, so that it tells nothing new. -#}
{%- set pool = "'(suppressed)'" -%}
{%- set grain = ['dimension', 'total_key', 'comparison', 'quarter_start_on'] -%}
{%- set before = ['promoters_before', 'detractors_before', 'responses_before'] -%}
{%- set after = ['promoters_after', 'detractors_after', 'responses_after'] -%}
{%- set shown = 'case when not named.is_suppressed then' -%}
{%- set total_shown = 'case when not named.is_total_hidden then' -%}
with

cells as (

    select * from {{ ref('int_nps_cell') }}

),

mode_mixes as (

    select * from {{ ref('int_mode_mix_change') }}

),

chains as (

    select * from {{ ref('dim_chain') }}

),

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

period as (

    select * from {{ ref('int_period') }}

),

comparisons as (

    select * from {{ ref('comparisons') }}

),

total_quarters as (

    select distinct
        cells.dimension,
        cells.total_key,
        cells.quarter_start_on
    from cells
    cross join period
    -- a quarter that is not over is not compared
    where cells.quarter_start_on <= period.trailing_to

),

total_quarter_comparisons as (

    select
        total_quarters.*,
        comparisons.comparison,
        cast({{ dbt.dateadd('month', '-3 * comparisons.quarters_apart', 'total_quarters.quarter_start_on') }} as date)
            as previous_quarter_start_on
    from total_quarters
    cross join comparisons

),

pairs as (

    select total_quarter_comparisons.*
    from total_quarter_comparisons
    inner join total_quarters
        on
            total_quarter_comparisons.dimension = total_quarters.dimension
            and total_quarter_comparisons.total_key = total_quarters.total_key
            and total_quarter_comparisons.previous_quarter_start_on = total_quarters.quarter_start_on

),

compared_cells as (

    select
        pairs.dimension,
        pairs.total_key,
        pairs.comparison,
        pairs.quarter_start_on,
        pairs.previous_quarter_start_on,
        cells.member_code,
        cells.quarter_start_on = pairs.quarter_start_on as is_after,
        cells.responses,
        cells.promoters,
        cells.detractors,
        cells.is_suppressed,
        cells.is_total_suppressed
    from pairs
    inner join cells
        on
            pairs.dimension = cells.dimension
            and pairs.total_key = cells.total_key
            and cells.quarter_start_on in (pairs.quarter_start_on, pairs.previous_quarter_start_on)

),

members as (

    select
        {{ grain | join(', ') }},
        previous_quarter_start_on,
        member_code,
        sum(case when is_after then responses else 0 end) as responses_after,
        sum(case when is_after then promoters else 0 end) as promoters_after,
        sum(case when is_after then detractors else 0 end) as detractors_after,
        sum(case when is_after then 0 else responses end) as responses_before,
        sum(case when is_after then 0 else promoters end) as promoters_before,
        sum(case when is_after then 0 else detractors end) as detractors_before,
        max(case when is_suppressed then 1 else 0 end) = 1 as is_hidden,
        max(case when is_total_suppressed then 1 else 0 end) as is_total_hidden
    from compared_cells
    group by {{ grain | join(', ') }}, previous_quarter_start_on, member_code

),

counted as (

    select
        {{ grain | join(', ') }},
        previous_quarter_start_on,
        case when is_hidden then {{ pool }} else member_code end as member_code,
        is_total_hidden,
        -- a hidden link has no part in the chain's total
        case when dimension = 'link' and is_hidden then 0 else 1 end as is_counted,
        responses_after,
        promoters_after,
        detractors_after,
        responses_before,
        promoters_before,
        detractors_before
    from members

),

pooled as (

    select
        {{ grain | join(', ') }},
        previous_quarter_start_on,
        member_code,
        count(*) as members,
        max(is_total_hidden) as is_total_hidden,
        cast(sum(is_counted * responses_after) as bigint) as count_after,
        cast(sum(is_counted * promoters_after) as bigint) as promoters_after,
        cast(sum(is_counted * detractors_after) as bigint) as detractors_after,
        cast(sum(is_counted * 100 * (promoters_after - detractors_after)) as bigint) as sum_after,
        cast(sum(is_counted * responses_before) as bigint) as count_before,
        cast(sum(is_counted * promoters_before) as bigint) as promoters_before,
        cast(sum(is_counted * detractors_before) as bigint) as detractors_before,
        cast(sum(is_counted * 100 * (promoters_before - detractors_before)) as bigint) as sum_before
    from counted
    group by {{ grain | join(', ') }}, previous_quarter_start_on, member_code

),

parts as (

    {{ kitagawa('pooled', ['member_code'], grain) }}

),

totals as (

    select
        {{ grain | join(', ') }},
        -- of a chain, nothing may be left to show in one of the quarters
        max(is_total_hidden) = 1 or least(sum(count_before), sum(count_after)) = 0 as is_total_hidden,
        sum(count_before) as responses_before,
        sum(promoters_before) as promoters_before,
        sum(detractors_before) as detractors_before,
        sum(count_after) as responses_after,
        sum(promoters_after) as promoters_after,
        sum(detractors_after) as detractors_after
    from pooled
    group by {{ grain | join(', ') }}

),

total_changes as (

    select
        {{ grain | join(', ') }},
        is_total_hidden,
        (({{ nps_adjusted(*after) }}) - ({{ nps_adjusted(*before) }})) / sqrt(
            power({{ nps_adjusted_standard_error(*after) }}, 2) + power({{ nps_adjusted_standard_error(*before) }}, 2)
        ) as z
    from totals

),

joined as (

    select
        pooled.dimension,
        pooled.comparison,
        pooled.total_key,
        pooled.member_code,
        pooled.quarter_start_on,
        pooled.previous_quarter_start_on,
        pooled.members,
        parts.count_after,
        parts.count_before,
        parts.share_after,
        parts.share_before,
        parts.rate_after,
        parts.rate_before,
        parts.mix_effect,
        parts.rate_effect,
        parts.total_rate_after,
        parts.total_rate_before,
        total_changes.is_total_hidden,
        {{ two_sided_p('total_changes.z') }} as total_change_p,
        mode_mixes.is_mode_mix_changed,
        total_changes.is_total_hidden
        or (pooled.dimension = 'link' and pooled.member_code = {{ pool }}) as is_suppressed
    from pooled
    inner join parts
        on
            pooled.dimension = parts.dimension
            and pooled.total_key = parts.total_key
            and pooled.comparison = parts.comparison
            and pooled.quarter_start_on = parts.quarter_start_on
            and pooled.member_code = parts.member_code
    inner join total_changes
        on
            pooled.dimension = total_changes.dimension
            and pooled.total_key = total_changes.total_key
            and pooled.comparison = total_changes.comparison
            and pooled.quarter_start_on = total_changes.quarter_start_on
    left join mode_mixes
        on
            pooled.dimension = mode_mixes.dimension
            and pooled.total_key = mode_mixes.total_key
            and pooled.comparison = mode_mixes.comparison
            and pooled.quarter_start_on = mode_mixes.quarter_start_on
            and pooled.member_code = mode_mixes.member_code

),

named as (

    select
        joined.*,
        chain_links.chain_link_key,
        coalesce(chain_links.chain_key, joined.total_key) as chain_key,
        coalesce(chain_links.link_code, 'all') as link_code
    from joined
    left join chain_links on joined.total_key = chain_links.chain_link_key and joined.dimension != 'link'

)

select
    named.dimension,
    named.comparison,
    named.chain_key,
    named.chain_link_key,
    chains.chain_code,
    named.link_code,
    named.member_code,
    named.quarter_start_on,
    named.previous_quarter_start_on,
    cast(named.members as bigint) as members,
    {{ shown }} named.count_after end as responses,
    {{ shown }} named.count_before end as previous_responses,
    {{ shown }} named.share_after end as response_share,
    {{ shown }} named.share_before end as previous_response_share,
    {{ shown }} named.rate_after end as nps,
    {{ shown }} named.rate_before end as previous_nps,
    {{ shown }} named.mix_effect end as mix_effect,
    {{ shown }} named.rate_effect end as rate_effect,
    {{ shown }} named.mix_effect + named.rate_effect end as effect,
    {{ shown }} named.is_mode_mix_changed end as is_mode_mix_changed,
    {{ total_shown }} named.total_rate_after end as total_nps,
    {{ total_shown }} named.total_rate_before end as previous_total_nps,
    {{ total_shown }} named.total_rate_after - named.total_rate_before end as total_nps_change,
    {{ total_shown }} named.total_change_p end as total_change_p,
    named.is_suppressed,
    case
        when named.is_total_hidden and named.dimension = 'link' then 'no link is shown in one of the two quarters'
        when named.is_total_hidden then 'the NPS of the link is suppressed in one of the two quarters'
        when named.is_suppressed then 'suppressed in one of the two quarters, and no part of the total here'
    end as suppression_reason
from named
inner join chains on named.chain_key = chains.chain_key
