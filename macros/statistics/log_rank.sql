{#- Log-rank test (Mantel 1966; Peto and Peto 1972) of 2 or 3 categories, follow-up cut at `horizon`: who left later
    counts as censored there. One row per group, as a query to put in a CTE; a group without an event, or with fewer
    than two categories at risk at an event, has no row. A category nobody of which was at risk at an event takes no
    degree of freedom (as in R's survdiff). `weight` counts subjects per row (whole numbers). -#}
{%- macro log_rank(relation, group_columns, category_column, duration, is_event, horizon, weight='1') -%}
    {%- set groups = group_columns | join(', ') -%}
    {%- set categories = [1, 2, 3] -%}
    with

    lr_cut as (

        select
            {{ groups }},
            {{ category_column }} as category,
            least({{ duration }}, {{ horizon }}) as duration,
            {{ weight }} as exits,
            case when {{ is_event }} and {{ duration }} <= {{ horizon }} then {{ weight }} else 0 end as events
        from {{ relation }}

    ),

    lr_first_event as (

        select
            *,
            min(case when events > 0 then duration end) over (partition by {{ groups }}) as first_event
        from lr_cut

    ),

    lr_numbered as (

        select
            {{ groups }},
            duration,
            exits,
            events,
            dense_rank() over (partition by {{ groups }} order by category) as category_number
        from lr_first_event
        {#- who left before the first event is in no risk set #}
        where duration >= first_event

    ),

    lr_exits as (

        select
            {{ groups }},
            duration,
            max(category_number) as highest_category,
            cast(sum(events) as bigint) as events,
            {%- for c in categories %}
            cast(sum(case when category_number = {{ c }} then exits else 0 end) as bigint) as exits_{{ c }},
            cast(sum(case when category_number = {{ c }} then events else 0 end) as bigint) as events_{{ c }}
            {{- ',' if not loop.last }}
            {%- endfor %}
        from lr_numbered
        group by {{ groups }}, duration

    ),

    lr_at_risk as (

        select
            {{ groups }},
            max(highest_category) over (partition by {{ groups }}) as category_count,
            events,
            {%- for c in categories %}
            events_{{ c }},
            cast(
                sum(exits_{{ c }}) over (
                    partition by {{ groups }}
                    order by duration desc
                    rows between unbounded preceding and current row
                ) as double
            ) as at_risk_{{ c }}
            {{- ',' if not loop.last }}
            {%- endfor %}
        from lr_exits

    ),

    lr_hypergeometric as (

        select
            *,
            {{ 'at_risk_' ~ categories | join(' + at_risk_') }} as at_risk
        from lr_at_risk

    ),

    lr_variance_factor as (

        select
            *,
            {#- one subject at risk: its event has no variance #}
            coalesce(events * (at_risk - events) / nullif(at_risk - 1, 0), 0) / (at_risk * at_risk) as variance_factor
        from lr_hypergeometric
        where events > 0

    ),

    lr_sums as (

        select
            {{ groups }},
            max(category_count) as category_count,
            sum(events_1) - {{ stable_sum('events * at_risk_1 / at_risk', 18) }} as excess_1,
            sum(events_2) - {{ stable_sum('events * at_risk_2 / at_risk', 18) }} as excess_2,
            {{ stable_sum('variance_factor * (at_risk_1 * (at_risk - at_risk_1))', 18) }} as variance_1,
            {{ stable_sum('variance_factor * (at_risk_2 * (at_risk - at_risk_2))', 18) }} as variance_2,
            {{ stable_sum('-variance_factor * (at_risk_1 * at_risk_2)', 18) }} as covariance
        from lr_variance_factor
        group by {{ groups }}

    ),

    lr_chi_square as (

        select
            {{ groups }},
            category_count - 1 as df,
            case category_count
                when 2 then excess_1 * excess_1 / nullif(variance_1, 0)
                when 3 then (
                    variance_2 * excess_1 * excess_1
                    - 2 * covariance * excess_1 * excess_2
                    + variance_1 * excess_2 * excess_2
                ) / nullif(variance_1 * variance_2 - covariance * covariance, 0)
            end as chi2
        from lr_sums
        where category_count between 2 and 3

    )

    select
        {{ groups }},
        chi2,
        df,
        {{ chi_square_sf('chi2', 'df') }} as p
    from lr_chi_square
{%- endmacro -%}
