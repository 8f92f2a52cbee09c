{#- Written between `as` and the bracket of a CTE that is read more than once: run its query at each place it is read,
    with that place's filters, and never write its millions of rows to a temporary table. -#}
{% macro inline_cte() -%}
    {{ return(adapter.dispatch('inline_cte')()) }}
{%- endmacro %}

{% macro default__inline_cte() -%}
    {{ return('') }}
{%- endmacro %}

{% macro duckdb__inline_cte() -%}
    {{ return('not materialized') }}
{%- endmacro %}
