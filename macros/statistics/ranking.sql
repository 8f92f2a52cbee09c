{#- Ranking many small groups: how much they differ beyond chance, what each is worth, and who is last. Every macro but
    the expressions is a query to put in a CTE, and gives one row per group, or per group and key. -#}

{#- DerSimonian and Laird (1986): the variance between estimates beyond what chance gives them, and their mean under
    that variance. An estimate with a variance of 0 has no weight and does not count. -#}
{%- macro dersimonian_laird(relation, group_columns, estimate, variance) -%}
    {%- set groups = group_columns | join(', ') -%}
    {%- set whole_group = 'partition by ' ~ groups -%}
    with

    dl_weights as (

        select
            {{ groups }},
            {{ estimate }} as estimate,
            {{ variance }} as variance,
            1e0 / {{ variance }} as weight
        from {{ relation }}
        where {{ variance }} > 0

    ),

    dl_fixed as (

        select
            *,
            {{ stable_sum('weight', 18, whole_group) }} as weight_sum,
            {{ stable_sum('weight * weight', 18, whole_group) }} as weight_square_sum,
            {{ stable_sum('weight * estimate', 18, whole_group) }} as weighted_estimate_sum,
            count(*) over ({{ whole_group }}) as estimates
        from dl_weights

    ),

    dl_heterogeneity as (

        select
            *,
            {{ stable_sum(
                'weight * power(estimate - weighted_estimate_sum / weight_sum, 2)', 18, whole_group
            ) }} as q
        from dl_fixed

    ),

    dl_between as (

        select
            {{ groups }},
            estimate,
            variance,
            estimates,
            q,
            case
                when estimates > 1 and q > estimates - 1
                    then (q - (estimates - 1)) / (weight_sum - weight_square_sum / weight_sum)
                when estimates > 1 then 0e0
            end as tau2
        from dl_heterogeneity

    )

    select
        {{ groups }},
        max(estimates) as estimates,
        max(q) as q,
        max(tau2) as tau2,
        {{ stable_sum('estimate / (variance + coalesce(tau2, 0))', 18) }}
        / {{ stable_sum('1e0 / (variance + coalesce(tau2, 0))', 18) }} as mu
    from dl_between
    group by {{ groups }}
{%- endmacro -%}


{#- Empirical Bayes under a normal prior (Efron and Morris 1975). -#}
{%- macro shrinkage(variance, tau2) -%}
    {{ variance }} / ({{ variance }} + {{ tau2 }})
{%- endmacro -%}

{%- macro shrunken(estimate, variance, mu, tau2) -%}
    {{ mu }} + (1 - {{ shrinkage(variance, tau2) }}) * ({{ estimate }} - {{ mu }})
{%- endmacro -%}

{%- macro posterior_sd(variance, tau2) -%}
    sqrt({{ tau2 }} * {{ variance }} / ({{ tau2 }} + {{ variance }}))
{%- endmacro -%}


{#- Expected rank (Laird and Louis 1989): 1 is the highest estimate. `sd` must be above 0. -#}
{%- macro expected_rank(relation, group_columns, key_column, estimate, sd) -%}
    {%- set keys = (group_columns + [key_column]) | join(', ') -%}
    with

    er_pairs as (

        select
            {%- for column in group_columns + [key_column] %}
            one.{{ column }},
            {%- endfor %}
            (one.{{ estimate }} - other.{{ estimate }})
            / sqrt(one.{{ sd }} * one.{{ sd }} + other.{{ sd }} * other.{{ sd }}) as z
        from {{ relation }} as one
        left join {{ relation }} as other
            on
                one.{{ key_column }} != other.{{ key_column }}
                {%- for column in group_columns %}
                and one.{{ column }} = other.{{ column }}
                {%- endfor %}

    ),

    er_chances as (

        select
            {{ keys }},
            {{ normal_sf('z') }} as chance_of_other
        from er_pairs

    )

    select
        {{ keys }},
        1 + coalesce({{ stable_sum('chance_of_other', 18) }}, 0) as expected_rank
    from er_chances
    group by {{ keys }}
{%- endmacro -%}


{#- The probability that each of several independent normal variables is the lowest of its group:
    the integral of its density times the others' upper tails, by the trapezoid rule on one grid per group. The rule
    converges exponentially for such smooth integrands that vanish at both ends (Trefethen and Weideman 2014), so that
    the step, a part of the smallest sd, decides. Beyond the grid's ends, some standard deviations from the lowest
    estimates, some variable's tail or all densities are too small to count. `sd` must be above 0. -#}
{%- macro probability_lowest(relation, group_columns, key_column, estimate, sd) -%}
    {%- set groups = group_columns | join(', ') -%}
    {%- set reach = var('ranking_grid_reach_sd') -%}
    {%- set most_steps = var('ranking_grid_max_steps') -%}
    {%- set steps_per_sd = var('ranking_grid_steps_per_sd') -%}
    {%- set same_point = 'partition by ' ~ groups ~ ', grid_point' -%}
    with

    pl_range as (

        select
            {{ groups }},
            min({{ estimate }} - {{ reach }} * {{ sd }}) as grid_from,
            min({{ estimate }} + {{ reach }} * {{ sd }}) as grid_to,
            min({{ sd }}) as smallest_sd
        from {{ relation }}
        group by {{ groups }}

    ),

    pl_steps as (

        select
            *,
            least(ceil((grid_to - grid_from) / smallest_sd * {{ steps_per_sd }}), {{ most_steps }}) as steps
        from pl_range

    ),

    pl_series as (

        {{ dbt.generate_series(most_steps + 1) }}

    ),

    pl_grid as (

        select
            pl_steps.*,
            (pl_steps.grid_to - pl_steps.grid_from) / pl_steps.steps as step,
            pl_series.generated_number as grid_point
        from pl_steps
        inner join pl_series on pl_steps.steps + 1 >= pl_series.generated_number

    ),

    pl_deviates as (

        select
            {%- for column in group_columns %}
            subject.{{ column }},
            {%- endfor %}
            subject.{{ key_column }},
            subject.{{ sd }} as sd,
            pl_grid.grid_point,
            pl_grid.step,
            (
                pl_grid.grid_from + (pl_grid.grid_point - 1) * pl_grid.step - subject.{{ estimate }}
            ) / subject.{{ sd }} as z
        from {{ relation }} as subject
        inner join pl_grid
            on
                {%- for column in group_columns %}
                {{ 'and ' if not loop.first }}subject.{{ column }} = pl_grid.{{ column }}
                {%- endfor %}

    ),

    pl_tails as (

        select
            *,
            {{ normal_sf('z') }} as tail
        from pl_deviates

    ),

    pl_log_tails as (

        select
            *,
            {#- a tail of 0 has no logarithm: 1e-300 is as good as nothing #}
            ln(greatest(tail, 1e-300)) as log_tail
        from pl_tails

    ),

    pl_products as (

        select
            *,
            {{ stable_sum('log_tail', 18, same_point) }} as log_tails
        from pl_log_tails

    )

    select
        {{ groups }},
        {{ key_column }},
        {{ stable_sum(
            'step / sd / sqrt(2 * pi()) * exp(log_tails - log_tail - z * z / 2)', 24
        ) }} as probability_lowest
    from pl_products
    group by {{ groups }}, {{ key_column }}
{%- endmacro -%}


{#- Benjamini and Hochberg (1995): the q-value, the smallest false discovery rate at which the test is a discovery. Rows
    without a p-value are no tests. Equal p-values get equal q-values. -#}
{%- macro benjamini_hochberg(relation, group_columns, key_column, p_value) -%}
    {%- set groups = group_columns | join(', ') -%}
    with

    bh_tests as (

        select
            {{ groups }},
            {{ key_column }},
            {{ p_value }} as p_value,
            count(*) over (partition by {{ groups }}) as tests,
            count(*) over (partition by {{ groups }} order by {{ p_value }}) as tests_up_to_here
        from {{ relation }}
        where {{ p_value }} is not null

    )

    select
        {{ groups }},
        {{ key_column }},
        least(
            min(p_value * tests / tests_up_to_here) over (partition by {{ groups }} order by p_value desc), 1e0
        ) as q_value
    from bh_tests
{%- endmacro -%}


{#- Where a funnel plot's point lies (Spiegelhalter 2005). -#}
{%- macro funnel_band(z) -%}
    case
        when abs({{ z }}) <= {{ double_var('z_95') }} then 'inside'
        when {{ z }} > {{ double_var('z_99_8') }} then 'above 99.8 %'
        when {{ z }} > 0 then 'above 95 %'
        when {{ z }} < -{{ double_var('z_99_8') }} then 'below 99.8 %'
        when {{ z }} < 0 then 'below 95 %'
    end
{%- endmacro -%}
