{#- LMG as in the macro lmg, for more predictors: the subsets are rows here, not columns, so that the query grows with the
    square of their number and only the work doubles with each. One row per group and predictor, with `predictor`, `lmg`
    and `r_squared`.

    A row for the empty subset; then, predictor by predictor, each row once without it and once with it partialled out by
    a step of Gaussian elimination. What a predictor adds to R^2, over all orders of entering, is a weighted sum over the
    rows: those that hold it less those that don't, by how many orders pass each.

    relation        a row per group and pair of variables with `variable_a` <= `variable_b` and their `pair_correlation`; the
                    outcome is the variable that sorts first. That of a variable with itself is 1, or 0 if it never varies
    group_columns   name a matrix; never null
    max_predictors  the most that a group may have; of more, no figures
    tolerance       as in lmg; the figures are null where they are null there -#}
{%- macro lmg_by_rows(relation, group_columns, max_predictors, tolerance=1e-9) -%}
    {%- set groups = group_columns | join(', ') -%}
    {%- set places = range(1, max_predictors + 1) -%}
    {%- set scale = 18 -%}
    with

    lr_variables as (

        select
            {{ groups }},
            variable_a as variable_key,
            row_number() over (partition by {{ groups }} order by variable_a) - 1 as place,
            count(*) over (partition by {{ groups }}) - 1 as predictors
        from {{ relation }}
        where variable_a = variable_b

    ),

    lr_placed as (

        select
            {% for column in group_columns %}pairs.{{ column }}, {% endfor %}
            a.predictors,
            a.place as place_a,
            b.place as place_b,
            pairs.pair_correlation
        from {{ relation }} as pairs
        {%- for side in ['a', 'b'] %}
        inner join lr_variables as {{ side }}
            on
                {% for column in group_columns -%}
                pairs.{{ column }} = {{ side }}.{{ column }}
                and {% endfor -%}
                pairs.variable_{{ side }} = {{ side }}.variable_key
        {%- endfor %}
        where a.predictors <= {{ max_predictors }}

    ),

    lr_taken as (

        select 0 as is_taken
        union all
        select 1 as is_taken

    ),

    lr_step_0 as (

        select
            {{ groups }},
            predictors,
            {%- for j in places %}
            {%- for i in range(j + 1) %}
            max(case when place_a = {{ i }} and place_b = {{ j }} then pair_correlation end) as c_{{ i }}_{{ j }},
            {%- endfor %}
            {%- endfor %}
            max(case when place_a = 0 and place_b = 0 then pair_correlation end) > 0 as is_solved,
            cast(0 as double) as r_squared,
            0 as size
        from lr_placed
        group by {{ groups }}, predictors

    ),

    {%- for k in places %}
    {%- set pivot = 'nullif(c_' ~ k ~ '_' ~ k ~ ', 0)' %}

    lr_step_{{ k }} as (

        select
            {{ groups }},
            predictors,
            {%- for j in range(k + 1, max_predictors + 1) %}
            {%- for i in [0] + range(k + 1, j + 1) | list %}
            c_{{ i }}_{{ j }} - is_taken * c_{{ '0_' ~ k if i == 0 else k ~ '_' ~ i }} * c_{{ k }}_{{ j }} / {{ pivot }}
                as c_{{ i }}_{{ j }},
            {%- endfor %}
            {%- endfor %}
            {%- for before in range(1, k) %}
            has_{{ before }},
            {%- endfor %}
            is_taken as has_{{ k }},
            is_solved and (is_taken = 0 or coalesce(c_{{ k }}_{{ k }} > {{ tolerance }}, false)) as is_solved,
            r_squared + case when is_taken = 1 then c_0_{{ k }} * c_0_{{ k }} / {{ pivot }} else 0 end as r_squared,
            size + is_taken as size
        from lr_step_{{ k - 1 }}
        inner join lr_taken on is_taken = 0 or predictors >= {{ k }}

    ),
    {%- endfor %}

    lr_subsets as (

        select
            *,
            {#- of p! orders, how many pass from the subset without a predictor to it, and from it to one with one more -#}
            {{ factorial('size - 1', max_predictors) }} * {{ factorial('predictors - size', max_predictors) }}
            / {{ factorial('predictors', max_predictors) }} as weight_with,
            {{ factorial('size', max_predictors) }} * {{ factorial('predictors - 1 - size', max_predictors) }}
            / {{ factorial('predictors', max_predictors) }} as weight_without
        from lr_step_{{ max_predictors }}

    ),

    lr_figures as (

        select
            {{ groups }},
            {%- for k in places %}
            {#- of a matrix that no data could have, R^2 is anything -#}
            {{ stable_sum(
                'case when r_squared between 0 and ' ~ (1 + tolerance) ~ ' then r_squared * '
                ~ 'case when has_' ~ k ~ ' = 1 then weight_with else -weight_without end end', scale
            ) }} as lmg_{{ k }},
            {%- endfor %}
            max(case when size = predictors and is_solved and r_squared <= {{ 1 + tolerance }} then r_squared end)
                as r_squared
        from lr_subsets
        group by {{ groups }}

    )

    select
        {% for column in group_columns %}lr_variables.{{ column }}, {% endfor %}
        lr_variables.variable_key as predictor,
        case
            when lr_figures.r_squared is not null
                then
                    case lr_variables.place
                        {%- for k in places %}
                        when {{ k }} then lr_figures.lmg_{{ k }}
                        {%- endfor %}
                    end
        end as lmg,
        lr_figures.r_squared
    from lr_variables
    left join lr_figures
        on
            {% for column in group_columns -%}
            lr_variables.{{ column }} = lr_figures.{{ column }}
            {{ 'and ' if not loop.last }}
            {%- endfor %}
    where lr_variables.place > 0
{%- endmacro -%}


{#- n! of a small whole number, as a double; null of any other. -#}
{%- macro factorial(number, largest) -%}
    {%- set product = namespace(of=1) -%}
    case {{ number }}
        {%- for n in range(largest + 1) -%}
        {%- set product.of = product.of * (n if n > 0 else 1) %} when {{ n }} then {{ product.of }}e0
        {%- endfor %}
    end
{%- endmacro -%}
