{#- Key of a raw row in the whole landing folder, and of every fact made from it: it leads back to file and line, and
    its order is the order of delivery. -#}
{% macro row_key(relation) -%}
    {{ relation }}.file_id * cast(10000000000 as bigint) + {{ relation }}.line_number
{%- endmacro %}

{% macro chain_key(industry_key, country_key) -%}
    {{ industry_key }} * 1000 + {{ country_key }}
{%- endmacro %}


{#- The file a row key leads back to. -#}
{% macro row_key_file(row_key) -%}
cast(floor({{ row_key }} / 10000000000) as integer)
{%- endmacro %}


{#- The line of that file. -#}
{% macro row_key_line(row_key) -%}
({{ row_key }} % 10000000000)
{%- endmacro %}
