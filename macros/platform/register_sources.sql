{#- Makes the files of the raw folder known to an engine that can't name them in a query; run before everything else. -#}
{% macro register_sources() -%}
    {{ return(adapter.dispatch('register_sources')()) }}
{%- endmacro %}

{#- A table over the files, one per source; nps_chain/running/spark.py has laid down a folder for each. -#}
{% macro default__register_sources() -%}
    {%- if execute and flags.WHICH in ('build', 'run', 'test') -%}
        {%- do run_query('create schema if not exists raw') -%}
        {%- if target.name != 'spark' -%}
            {%- do refuse_another_warehouse() -%}
        {%- endif -%}
        {%- for node in graph.sources.values() if node.source_name == 'raw' -%}
            {%- set folder = env_var('NPS_SPARK', 'warehouse/spark') ~ '/raw/' ~ node.name -%}
            {#- a server may remember the table of an earlier build, of other columns -#}
            {%- do run_query('drop table if exists raw.' ~ node.name) -%}
            {%- do run_query("create table raw." ~ node.name ~ " using parquet location '" ~ folder ~ "'") -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{#- A server may have a warehouse of its own, where the marts would not be found, or a schema that is somebody else's. -#}
{% macro refuse_another_warehouse() -%}
    {%- set wanted = env_var('NPS_SPARK', 'warehouse/spark').rstrip('/') -%}
    {%- set schemas = ['raw'] -%}
    {%- for node in graph.nodes.values() if node.resource_type in ('model', 'seed') and node.schema not in schemas -%}
        {%- do schemas.append(node.schema) -%}
    {%- endfor -%}
    {%- for schema in schemas -%}
        {%- do run_query('create schema if not exists ' ~ schema) -%}
        {%- set place = wanted ~ '/' ~ schema ~ '.db' -%}
        {%- for row in run_query('describe schema ' ~ schema) if row[0] == 'Location' -%}
            {%- set found = row[1].replace('file:///', '/').replace('file:/', '/').replace('%20', ' ') -%}
            {#- without make, the folder may be given relative to the project's -#}
            {%- if found != place and (wanted.startswith('/') or not found.endswith('/' ~ place)) -%}
                {%- do exceptions.raise_compiler_error(
                    'Spark keeps the tables of schema ' ~ schema ~ ' in ' ~ row[1] ~ '; start it with spark.sql.warehouse.dir='
                    ~ wanted ~ ' and a catalog that knows no such schema yet'
                ) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}

{% macro duckdb__register_sources() -%}
{%- endmacro %}
