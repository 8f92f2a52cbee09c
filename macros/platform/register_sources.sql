{#- Makes the files of the raw folder known to an engine that can't name them in a query; run before everything else. -#}
{% macro register_sources() -%}
    {{ return(adapter.dispatch('register_sources')()) }}
{%- endmacro %}

{#- A table over the files, one per source; nps_chain/spark.py has laid down a folder for each. -#}
{% macro default__register_sources() -%}
    {%- if execute and flags.WHICH in ('build', 'run', 'test') -%}
        {%- do run_query('create schema if not exists raw') -%}
        {%- do refuse_another_warehouse() -%}
        {%- for node in graph.sources.values() if node.source_name == 'raw' -%}
            {%- set folder = env_var('NPS_SPARK', 'warehouse/spark') ~ '/raw/' ~ node.name -%}
            {#- a server may remember the table of an earlier build, of other columns -#}
            {%- do run_query('drop table if exists raw.' ~ node.name) -%}
            {%- do run_query("create table raw." ~ node.name ~ " using parquet location '" ~ folder ~ "'") -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{#- A server was started with a warehouse of its own: the marts are looked for in this one's folder. -#}
{% macro refuse_another_warehouse() -%}
    {%- set described = run_query('describe schema raw') -%}
    {%- set wanted = env_var('NPS_SPARK', 'warehouse/spark') -%}
    {%- for row in described if row[0] == 'Location' and not row[1].endswith(wanted ~ '/raw.db') -%}
        {%- do exceptions.raise_compiler_error(
            'Spark keeps the tables of schema raw in ' ~ row[1] ~ '; start it with spark.sql.warehouse.dir=' ~ wanted
        ) -%}
    {%- endfor -%}
{%- endmacro %}

{% macro duckdb__register_sources() -%}
{%- endmacro %}
