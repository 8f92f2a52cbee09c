{#- A model's schema follows from its prefix, whichever folder asks its question: base, staging, intermediate, marts.
    Nothing stands in front of it: the working database is private, and readers see the published file only. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set schemas = {
        'base': 'base', 'stg': 'staging', 'int': 'intermediate', 'dim': 'marts', 'fct': 'marts', 'mart': 'marts'
    } -%}
    {%- set of_prefix = schemas.get(node.name.split('_')[0]) if node.resource_type == 'model' -%}
    {{ (of_prefix or custom_schema_name or target.schema) | trim }}
{%- endmacro %}
