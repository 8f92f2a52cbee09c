{#- A member that is hidden in a quarter compared is pooled with the others of its total. The pool is what the
    shown members leave of a total that mart_nps_by_link shows, so that it tells nothing new. -#}
{%- set pool = "'(suppressed)'" -%}
{%- set grain = ['dimension', 'total_key', 'comparison', 'quarter_start_on'] -%}
{%- set pair = grain + ['previous_quarter_start_on', 'after_from', 'before_from', 'quarters_long'] -%}
{%- set member = grain + ['member_code'] -%}
{%- set before = ['pooled.promoters_before', 'pooled.detractors_before', 'pooled.count_before'] -%}
{%- set after = ['pooled.promoters_after', 'pooled.detractors_after', 'pooled.count_after'] -%}
{%- set z_95 = double_var('z_95') -%}
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
        comparisons.quarters_long,
        cast({{ dbt.dateadd('month', '-3 * comparisons.quarters_apart', 'total_quarters.quarter_start_on') }} as date)
            as previous_quarter_start_on
    from total_quarters
    cross join comparisons

),

-- a period of several quarters ends with the one that it is named by
periods as (

    select
        *,
        cast({{ dbt.dateadd('month', '-3 * (quarters_long - 1)', 'quarter_start_on') }} as date) as after_from,
        cast({{ dbt.dateadd('month', '-3 * (quarters_long - 1)', 'previous_quarter_start_on') }} as date) as before_from
    from total_quarter_comparisons

),

covered as (

    select
        {{ pair | join(', ') }},
        count(*) as quarters_covered
    from (
        select
            periods.*,
            total_quarters.quarter_start_on as covered_quarter_on
        from periods
        inner join total_quarters
            on
                periods.dimension = total_quarters.dimension
                and periods.total_key = total_quarters.total_key
                and (
                    total_quarters.quarter_start_on between periods.after_from and periods.quarter_start_on
                    or total_quarters.quarter_start_on between periods.before_from and periods.previous_quarter_start_on
                )
    ) as with_quarters
    group by {{ pair | join(', ') }}

),

pairs as (

    select * from covered
    where quarters_covered = 2 * quarters_long

),

compared_cells as (

    select
        pairs.dimension,
        pairs.total_key,
        pairs.comparison,
        pairs.quarter_start_on,
        pairs.previous_quarter_start_on,
        cells.member_code,
        cells.quarter_start_on >= pairs.after_from as is_after,
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
            and (
                cells.quarter_start_on between pairs.after_from and pairs.quarter_start_on
                or cells.quarter_start_on between pairs.before_from and pairs.previous_quarter_start_on
            )

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
        -- of a chain, nothing may be left to show in one of the periods
        max(is_total_hidden) = 1 or least(sum(count_before), sum(count_after)) = 0 as is_total_hidden
    from pooled
    group by {{ grain | join(', ') }}

),

-- each member that is shown by name and answered in both periods, with itself
differences as (

    select
        pooled.{{ member | join(', pooled.') }},
        ({{ nps_adjusted(*after) }}) - ({{ nps_adjusted(*before) }}) as difference,
        sqrt(
            power({{ nps_adjusted_standard_error(*after) }}, 2) + power({{ nps_adjusted_standard_error(*before) }}, 2)
        ) as standard_error
    from pooled
    inner join totals
        on
            pooled.dimension = totals.dimension
            and pooled.total_key = totals.total_key
            and pooled.comparison = totals.comparison
            and pooled.quarter_start_on = totals.quarter_start_on
    where
        not totals.is_total_hidden
        and pooled.member_code != {{ pool }}
        and least(pooled.count_before, pooled.count_after) > 0

),

deviates as (

    select
        *,
        difference / standard_error as z
    from differences

),

tested as (

    select
        *,
        {{ two_sided_p('z') }} as p_value
    from deviates

),

discoveries as (

    {{ benjamini_hochberg('tested', grain, 'member_code', 'p_value') }}

),

member_changes as (

    select
        tested.*,
        discoveries.q_value
    from tested
    inner join discoveries
        on
            tested.dimension = discoveries.dimension
            and tested.total_key = discoveries.total_key
            and tested.comparison = discoveries.comparison
            and tested.quarter_start_on = discoveries.quarter_start_on
            and tested.member_code = discoveries.member_code

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
        totals.is_total_hidden,
        member_changes.difference,
        member_changes.standard_error,
        member_changes.p_value,
        member_changes.q_value,
        mode_mixes.is_mode_mix_changed,
        totals.is_total_hidden
        or (pooled.dimension = 'link' and pooled.member_code = {{ pool }}) as is_suppressed
    from pooled
    inner join parts
        on
            pooled.dimension = parts.dimension
            and pooled.total_key = parts.total_key
            and pooled.comparison = parts.comparison
            and pooled.quarter_start_on = parts.quarter_start_on
            and pooled.member_code = parts.member_code
    inner join totals
        on
            pooled.dimension = totals.dimension
            and pooled.total_key = totals.total_key
            and pooled.comparison = totals.comparison
            and pooled.quarter_start_on = totals.quarter_start_on
    left join member_changes
        on
            pooled.dimension = member_changes.dimension
            and pooled.total_key = member_changes.total_key
            and pooled.comparison = member_changes.comparison
            and pooled.quarter_start_on = member_changes.quarter_start_on
            and pooled.member_code = member_changes.member_code
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
    case when named.p_value is not null then named.rate_after - named.rate_before end as nps_change,
    case
        when named.p_value is not null
            then greatest(-200, named.difference - {{ z_95 }} * named.standard_error)
    end as nps_change_ci_low,
    case
        when named.p_value is not null
            then least(200, named.difference + {{ z_95 }} * named.standard_error)
    end as nps_change_ci_high,
    named.p_value,
    named.q_value,
    {{ shown }} named.mix_effect end as mix_effect,
    {{ shown }} named.rate_effect end as rate_effect,
    {{ shown }} named.mix_effect + named.rate_effect end as effect,
    {{ shown }} named.is_mode_mix_changed end as is_mode_mix_changed,
    {{ total_shown }} named.total_rate_after end as total_nps,
    {{ total_shown }} named.total_rate_before end as previous_total_nps,
    {{ total_shown }} named.total_rate_after - named.total_rate_before end as total_nps_change,
    named.is_suppressed,
    case
        when named.is_total_hidden and named.dimension = 'link' then 'no link is shown in one of the quarters compared'
        when named.is_total_hidden then 'the NPS of the link is suppressed in one of the quarters compared'
        when named.is_suppressed then 'suppressed in one of the quarters compared, and no part of the total here'
    end as suppression_reason
from named
inner join chains on named.chain_key = chains.chain_key
