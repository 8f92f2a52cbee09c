{#- Solutions of symmetric positive definite systems A x = b, as a query to put in a CTE: one row per row of the relation,
    with its key columns and x_1 to x_n, by Gaussian elimination (Golub and Van Loan 2013, section 4.2). All of it is plain
    columns, so any number of small systems is solved in one pass.

    relation      has a_<i>_<j> for i <= j and b_<i>, doubles
    key_columns   are kept
    size          n
    tolerance     a variable is determined by those before it where they leave no more than this share of its variance

    Where A is not positive definite, or a figure is missing, all of x is null. -#}
{%- macro solve_symmetric(relation, key_columns, size, tolerance=1e-9) -%}
    {%- set places = range(1, size + 1) -%}
    {%- set keys = key_columns | join(', ') -%}
    with

    ss_step_0 as (

        select
            {{ keys }},
            {%- for j in places %}
            {%- for i in range(1, j + 1) %}
            a_{{ i }}_{{ j }},
            {%- endfor %}
            a_{{ j }}_{{ j }} as variance_{{ j }},
            b_{{ j }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ relation }}

    ),

    {%- for k in places %}
    {%- set later = range(k + 1, size + 1) %}

    ss_pivot_{{ k }} as (

        select
            *,
            case when a_{{ k }}_{{ k }} > {{ tolerance }} * variance_{{ k }} then a_{{ k }}_{{ k }} end as pivot_{{ k }}
        from ss_step_{{ k - 1 }}

    ),

    {#- what is left of the others once the first k are partialled out #}
    ss_step_{{ k }} as (

        select
            {{ keys }},
            {%- for before in range(1, k + 1) %}
            {%- for j in range(before + 1, size + 1) %}
            a_{{ before }}_{{ j }},
            {%- endfor %}
            b_{{ before }},
            pivot_{{ before }},
            {%- endfor %}
            {%- for j in later %}
            {%- for i in range(k + 1, j + 1) %}
            a_{{ i }}_{{ j }} - a_{{ k }}_{{ i }} * a_{{ k }}_{{ j }} / pivot_{{ k }} as a_{{ i }}_{{ j }},
            {%- endfor %}
            variance_{{ j }},
            b_{{ j }} - a_{{ k }}_{{ j }} * b_{{ k }} / pivot_{{ k }} as b_{{ j }},
            {%- endfor %}
            {{ k }} as steps
        from ss_pivot_{{ k }}

    ),
    {%- endfor %}

    {%- for k in places | reverse %}

    ss_back_{{ k }} as (

        select
            *,
            (
                b_{{ k }}
                {%- for j in range(k + 1, size + 1) %} - a_{{ k }}_{{ j }} * x_{{ j }}{% endfor %}
            ) / pivot_{{ k }} as x_{{ k }}
        from {{ 'ss_step_' ~ k if loop.first else 'ss_back_' ~ (k + 1) }}

    ),
    {%- endfor %}

    {#- x_1 rests on all the others -#}
    ss_solved as (

        select
            *,
            x_1 is not null as is_solved
        from ss_back_1

    )

    select
        {{ keys }},
        {%- for k in places %}
        case when is_solved then x_{{ k }} end as x_{{ k }}{{ ',' if not loop.last }}
        {%- endfor %}
    from ss_solved
{%- endmacro -%}
