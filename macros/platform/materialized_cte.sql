{#- Written between `as` and the bracket of a CTE that a chain of CTEs reads again and again: run its query once and keep
    the rows. Inlined, a chain of n such CTEs would run the first one 3^n times. -#}
{% macro materialized_cte() -%}
    {{ return(adapter.dispatch('materialized_cte')()) }}
{%- endmacro %}

{% macro default__materialized_cte() -%}
    {{ return('') }}
{%- endmacro %}

{% macro duckdb__materialized_cte() -%}
    {{ return('materialized') }}
{%- endmacro %}
