{#- Key of a raw row in the whole landing folder, and of every fact made from it: the file's key plus the line. It stays
    the same whatever other files come and go. -#}
{% macro row_key(relation) -%}
    {{ relation }}.file_id + {{ relation }}.line_number
{%- endmacro %}

{% macro chain_key(industry_key, country_key) -%}
    {{ industry_key }} * 1000 + {{ country_key }}
{%- endmacro %}

{#- Key of a link in a chain: room for 99 links (seed links) and 999 countries. -#}
{% macro chain_link_key(chain_key, link_key) -%}
    {{ chain_key }} * 100 + {{ link_key }}
{%- endmacro %}
