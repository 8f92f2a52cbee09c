{#- Schemas are named as configured (base, staging, marts), without the target's schema in front:
    the working database is private, and readers see the published file only. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
