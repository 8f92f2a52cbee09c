{#- Kaplan and Meier (1958): one row per group and observed time, as a query to put in a CTE.
    relation: a relation or CTE with a row per subject, or per number of subjects that `weight` counts (whole numbers).
    An event precedes a censoring at the same time. Greenwood's variance is null once the survival is 0. -#}
{%- macro kaplan_meier(relation, group_columns, duration, is_event, weight='1') -%}
    {%- set groups = group_columns | join(', ') -%}
    {%- set until_now -%}
        partition by {{ groups }} order by duration rows between unbounded preceding and current row
    {%- endset -%}
    with

    km_exits as (

        select
            {{ groups }},
            {{ duration }} as duration,
            cast(sum({{ weight }}) as bigint) as exits,
            cast(sum(case when {{ is_event }} then {{ weight }} else 0 end) as bigint) as events
        from {{ relation }}
        group by {{ groups }}, {{ duration }}

    ),

    km_at_risk as (

        select
            {{ groups }},
            duration,
            events,
            exits - events as censored,
            cast(
                sum(exits) over (
                    partition by {{ groups }}
                    order by duration desc
                    rows between unbounded preceding and current row
                ) as bigint
            ) as at_risk
        from km_exits

    ),

    km_sums as (

        {#- ln S lies above -ln(at risk) and Greenwood's sum below 1, so that 8 digits are enough before the point -#}
        select
            {{ groups }},
            duration,
            at_risk,
            events,
            censored,
            {{ stable_sum('ln(cast(nullif(at_risk - events, 0) as double) / at_risk)', 30, until_now) }}
                as log_survival,
            {{ stable_sum('cast(events as double) / at_risk / nullif(at_risk - events, 0)', 30, until_now) }}
                as greenwood_sum
        from km_at_risk

    )

    select
        {{ groups }},
        duration,
        at_risk,
        events,
        censored,
        case when events = at_risk then 0e0 else exp(log_survival) end as survival,
        case when events < at_risk then exp(2 * log_survival) * greenwood_sum end as greenwood_variance
    from km_sums
{%- endmacro -%}

{#- Bounds of retention = 1 - survival: the 95 % log-log interval of the survival (Kalbfleisch and Prentice 1980,
    "exponential Greenwood", what lifelines gives), turned round. Null where the survival is 1 or 0: the transformation
    has no value there. -#}
{%- macro retention_ci_low(survival, greenwood_variance) -%}
    1 - {{ survival_log_log_bound(survival, greenwood_variance, '') }}
{%- endmacro -%}

{%- macro retention_ci_high(survival, greenwood_variance) -%}
    1 - {{ survival_log_log_bound(survival, greenwood_variance, '-') }}
{%- endmacro -%}

{%- macro survival_log_log_bound(survival, greenwood_variance, sign) -%}
    case
        when {{ survival }} > 0 and {{ survival }} < 1 then power(
            {{ survival }},
            exp({{ sign }}{{ double_var('z_95') }} * sqrt({{ greenwood_variance }}) / ({{ survival }} * ln({{ survival }})))
        )
    end
{%- endmacro -%}
