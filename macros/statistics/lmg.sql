{#- LMG: the share of explained variance that each predictor carries in a linear regression, from a covariance matrix
    alone, as a query to put in a CTE: one row per group and predictor, with `predictor`, `lmg`, `lmg_share`,
    `coefficient` and `r_squared` (Lindeman, Merenda and Gold 1980; Groemping 2006).

    LMG is the Shapley value of R^2: what a predictor adds to R^2, averaged over all orders of entering. It is summed
    over subsets instead of orders, all of them, so nothing is sampled. The R^2 of a subset comes from that of the same
    subset without its last predictor, by one step of Gaussian elimination: 2^k short steps instead of 2^k systems.

    relation        a row per group and pair of variables with `variable_a` <= `variable_b` and their `covariance`, both
                    the same for a variance; variable 0 is the outcome, predictors have positive whole numbers
    group_columns   name a matrix; never null
    max_predictors  the most that a group may have; a place that a group does not fill adds 0 to every subset
    tolerance       a predictor is determined by those before it where they leave no more than this of its variance

    The figures are null where the matrix is not positive definite, a covariance is missing or R^2 comes out above 1: a
    matrix of pairwise complete observations can be all that. `lmg_share` is null too where R^2 is 0. -#}
{%- macro lmg(relation, group_columns, max_predictors=5, tolerance=1e-9) -%}
    {%- set groups = group_columns | join(', ') -%}
    {%- set places = range(1, max_predictors + 1) -%}
    {#- Subsets are numbered: place k is in subset s if bit k - 1 of s is set. Column c<s>_<i>_<j> is the covariance of
        i and j with the predictors in s partialled out. -#}
    {%- set subsets = range(2 ** max_predictors) -%}
    {%- set factorials = [1] -%}
    {%- for place in places -%}
        {%- do factorials.append(factorials[-1] * place) -%}
    {%- endfor -%}
    with

    lmg_variables as (

        select
            {{ groups }},
            variable_a as variable_key,
            covariance as variance,
            row_number() over (partition by {{ groups }} order by variable_a) - 1 as place,
            count(*) over (partition by {{ groups }}) - 1 as predictors
        from {{ relation }}
        where variable_a = variable_b

    ),

    lmg_correlations as (

        select
            {% for column in group_columns %}pairs.{{ column }}, {% endfor %}
            a.predictors,
            a.place as place_a,
            b.place as place_b,
            case when a.place = 0 then a.variance end as outcome_variance,
            case
                when a.variance > 0 and b.variance > 0 then pairs.covariance / (sqrt(a.variance) * sqrt(b.variance))
            end as correlation
        from {{ relation }} as pairs
        {%- for side in ['a', 'b'] %}
        inner join lmg_variables as {{ side }}
            on
                {% for column in group_columns -%}
                pairs.{{ column }} = {{ side }}.{{ column }}
                and {% endfor -%}
                pairs.variable_{{ side }} = {{ side }}.variable_key
        {%- endfor %}

    ),

    lmg_step_0 as (

        select
            {{ groups }},
            predictors,
            max(outcome_variance) as outcome_variance,
            {%- for j in places %}
            {%- for i in range(j + 1) %}
            case
                when predictors >= {{ j }}
                    then max(case when place_a = {{ i }} and place_b = {{ j }} then correlation end)
                else {{ 1 if i == j else 0 }}
            end as c0_{{ i }}_{{ j }},
            {%- endfor %}
            {%- endfor %}
            cast(0 as double) as r_squared_0
        from lmg_correlations
        group by {{ groups }}, predictors

    ),

    {%- for k in places %}
    {%- set bit = 2 ** (k - 1) %}

    lmg_step_{{ k }} as (

        select
            *
            {%- for s in range(bit) %}
            {%- set pivot = 'nullif(c' ~ s ~ '_' ~ k ~ '_' ~ k ~ ', 0)' %}
            ,
            r_squared_{{ s }} + c{{ s }}_0_{{ k }} * c{{ s }}_0_{{ k }} / {{ pivot }} as r_squared_{{ s + bit }}
            {%- for j in range(k + 1, max_predictors + 1) %}
            {%- for i in [0] + range(k + 1, j + 1) | list %}
            {%- set k_and_i = '_0_' ~ k if i == 0 else '_' ~ k ~ '_' ~ i %}
            ,
            c{{ s }}_{{ i }}_{{ j }} - c{{ s }}{{ k_and_i }} * c{{ s }}_{{ k }}_{{ j }} / {{ pivot }}
                as c{{ s + bit }}_{{ i }}_{{ j }}
            {%- endfor %}
            {%- endfor %}
            {%- endfor %}
        from lmg_step_{{ k - 1 }}

    ),
    {%- endfor %}

    {#- the standardised coefficients, from the last to the first -#}
    {%- for k in places | reverse %}

    lmg_coefficient_{{ k }} as (

        {%- set before = 2 ** (k - 1) - 1 %}
        select
            *,
            (
                c{{ before }}_0_{{ k }}
                {%- for j in range(k + 1, max_predictors + 1) %}
                - c{{ before }}_{{ k }}_{{ j }} * beta_{{ j }}
                {%- endfor %}
            ) / nullif(c{{ before }}_{{ k }}_{{ k }}, 0) as beta_{{ k }}
        from {{ 'lmg_step_' ~ k if loop.first else 'lmg_coefficient_' ~ (k + 1) }}

    ),
    {%- endfor %}

    lmg_places as (

        select
            {{ groups }},
            outcome_variance,
            r_squared_{{ subsets | last }} as r_squared,
            predictors <= {{ max_predictors }}
            {%- for k in places %}
            and c{{ 2 ** (k - 1) - 1 }}_{{ k }}_{{ k }} > {{ tolerance }}
            {%- endfor %}
            and r_squared_{{ subsets | last }} <= 1 + {{ tolerance }} as is_solved,
            {%- for k in places %}
            {%- set bit = 2 ** (k - 1) %}
            beta_{{ k }},
            (
                {%- for s in subsets if (s // bit) % 2 == 0 %}
                {%- set size = namespace(of=0) %}
                {%- for other in places %}
                {%- set size.of = size.of + (s // 2 ** (other - 1)) % 2 %}
                {%- endfor %}
                {{ '+ ' if not loop.first -}}
                {{ factorials[size.of] * factorials[max_predictors - 1 - size.of] }}
                * (r_squared_{{ s + bit }} - r_squared_{{ s }})
                {%- endfor %}
            ) / {{ factorials[max_predictors] }} as lmg_{{ k }}
            {{- ',' if not loop.last }}
            {%- endfor %}
        from lmg_coefficient_1

    )

    select
        {% for column in group_columns %}lmg_variables.{{ column }}, {% endfor %}
        lmg_variables.variable_key as predictor,
        {%- set values = {
            'lmg': 'lmg_places.lmg_{}',
            'lmg_share': 'lmg_places.lmg_{} / nullif(lmg_places.r_squared, 0)',
            'coefficient': 'lmg_places.beta_{} * sqrt(lmg_places.outcome_variance) / sqrt(lmg_variables.variance)',
        } %}
        {%- for name, value in values.items() %}
        case
            when lmg_places.is_solved
                then
                    case lmg_variables.place
                        {%- for k in places %}
                        when {{ k }} then {{ value.format(k) }}
                        {%- endfor %}
                    end
        end as {{ name }},
        {%- endfor %}
        case when lmg_places.is_solved then lmg_places.r_squared end as r_squared
    from lmg_variables
    inner join lmg_places
        on
            {% for column in group_columns -%}
            lmg_variables.{{ column }} = lmg_places.{{ column }}
            {{ 'and ' if not loop.last }}
            {%- endfor %}
    where lmg_variables.place > 0
{%- endmacro -%}
