{#- Makes the files of the raw folder known to an engine that can't name them in a query; run before everything else. -#}
{% macro register_sources() -%}
    {{ return(adapter.dispatch('register_sources')()) }}
{%- endmacro %}

{#- A table over the files, one per source; nps_chain/spark.py has laid down a folder for each. -#}
{% macro default__register_sources() -%}
    {%- if execute and flags.WHICH in ('build', 'run', 'test') -%}
        {%- do run_query('create schema if not exists raw') -%}
        {%- for node in graph.sources.values() if node.source_name == 'raw' -%}
            {%- set folder = env_var('NPS_SPARK', 'warehouse/spark') ~ '/raw/' ~ node.name -%}
            {%- do run_query("create table if not exists raw." ~ node.name ~ " using parquet location '" ~ folder ~ "'") -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{% macro duckdb__register_sources() -%}
{%- endmacro %}
