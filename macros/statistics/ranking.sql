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
        / {{ stable_sum('1e0 / (variance + coalesce(tau2, 0))', 18) }} as mu,
        {{ stable_sum('1e0 / (variance + coalesce(tau2, 0))', 18) }} as precision_of_mu,
        {{ stable_sum('variance / (variance + coalesce(tau2, 0))', 18) }}
        / {{ stable_sum('1e0 / (variance + coalesce(tau2, 0))', 18) }} as mean_variance
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

{#- Standard error of the shrunken estimate, which knows that mu and tau^2 were estimated (Morris 1983, formula 5.4): B in
    it is (k - 3) / (k - 1) of what it was, so that the interval is not of width 0 where tau^2 is. `estimates` is k,
    `networks` names what dersimonian_laird gave. -#}
{%- macro shrunken_standard_error(estimate, variance, networks) -%}
    {%- set tau2 = networks ~ '.tau2' -%}
    {%- set estimates = networks ~ '.estimates' -%}
    sqrt(
        {{ variance }}
        * (1 - {{ shrinkage(variance, tau2) }} * greatest({{ estimates }} - 3, 0) / nullif({{ estimates }} - 1, 0))
        + power({{ shrinkage(variance, tau2) }}, 2) * (
            1 / {{ networks }}.precision_of_mu
            + 2e0 / greatest({{ estimates }} - 3, 1) * ({{ networks }}.mean_variance + {{ tau2 }})
            / ({{ variance }} + {{ tau2 }}) * power({{ estimate }} - {{ networks }}.mu, 2)
        )
    )
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



{#- The ranks that each of several independent estimates can have: 1 + those surely better, to all less those surely
    worse (Mogstad, Romano, Shaikh and Wilhelm 2024). Sure is what Holm (1979) rejects over all pairs of the group, so
    that in 95 % of groups the intervals hold the ranks of all. Equal true values can take each other's rank. -#}
{%- macro rank_interval(relation, group_columns, key_column, estimate, variance, degrees_of_freedom) -%}
    {%- set groups = group_columns | join(', ') -%}
    {%- set keys = (group_columns + [key_column]) | join(', ') -%}
    {%- set error_rate = '(2 * ' ~ normal_upper_tail(double_var('z_95')) ~ ')' -%}
    with

    ri_pairs as (

        select
            {%- for column in group_columns %}
            one.{{ column }},
            {%- endfor %}
            one.{{ key_column }} as one_key,
            other.{{ key_column }} as other_key,
            one.{{ estimate }} > other.{{ estimate }} as is_one_better,
            one.{{ degrees_of_freedom }} as degrees_of_freedom,
            (one.{{ estimate }} - other.{{ estimate }}) / sqrt(one.{{ variance }} + other.{{ variance }}) as t
        from {{ relation }} as one
        inner join {{ relation }} as other
            on
                one.{{ key_column }} < other.{{ key_column }}
                {%- for column in group_columns %}
                and one.{{ column }} = other.{{ column }}
                {%- endfor %}

    ),

    ri_deviates as (

        select
            *,
            {{ student_deviate('t', 'degrees_of_freedom') }} as z
        from ri_pairs

    ),

    ri_tests as (

        select
            *,
            {{ two_sided_p('z') }} as p
        from ri_deviates

    ),

    ri_in_order as (

        select
            *,
            count(*) over (partition by {{ groups }}) + 1
            - row_number() over (partition by {{ groups }} order by p, one_key, other_key) as tests_left
        from ri_tests

    ),

    ri_stepped as (

        select
            *,
            max(p * tests_left) over (
                partition by {{ groups }}
                order by p, one_key, other_key
                rows between unbounded preceding and current row
            ) as holm_p
        from ri_in_order

    ),

    ri_sure as (

        select
            *,
            holm_p <= {{ error_rate }} as is_sure
        from ri_stepped

    ),

    ri_sides as (

        select
            {{ groups }},
            one_key as {{ key_column }},
            case when is_sure and not is_one_better then 1 else 0 end as surely_better,
            case when is_sure and is_one_better then 1 else 0 end as surely_worse
        from ri_sure
        union all
        select
            {{ groups }},
            other_key as {{ key_column }},
            case when is_sure and is_one_better then 1 else 0 end as surely_better,
            case when is_sure and not is_one_better then 1 else 0 end as surely_worse
        from ri_sure

    )

    select
        {{ keys }},
        cast(1 + sum(surely_better) as bigint) as rank_low,
        cast(1 + count(*) - sum(surely_worse) as bigint) as rank_high
    from ri_sides
    group by {{ keys }}
{%- endmacro -%}
