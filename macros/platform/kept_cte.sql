{#- A CTE of a chain in which each is read more than once by the next: its query, the body of the call block, is run once and its
    rows are kept. Inlined, a chain of n such CTEs would run the first one 5^n times. The query may name CTEs
    kept before, and none else; the name must be unique in the project. -#}
{% macro kept_cte(name) -%}
    {{ return(adapter.dispatch('kept_cte')(name, caller())) }}
{%- endmacro %}

{#- Spark inlines every CTE, and the plans of cached views too: only a table cuts the plan. The view lends it the CTE's name. -#}
{% macro default__kept_cte(name, query) -%}
    {%- set table = this.schema ~ '.' ~ this.identifier ~ '__' ~ name -%}
    {%- if execute and flags.WHICH in ('build', 'run') -%}
        {%- do run_query('drop table if exists ' ~ table) -%}
        {%- do run_query('create table ' ~ table ~ ' using parquet as ' ~ query) -%}
        {%- do run_query('create or replace temporary view ' ~ name ~ ' as select * from ' ~ table) -%}
    {%- endif -%}
    {{ return(name ~ ' as (select * from ' ~ table ~ ')') }}
{%- endmacro %}

{% macro duckdb__kept_cte(name, query) -%}
    {{ return(name ~ ' as materialized (' ~ query ~ ')') }}
{%- endmacro %}
