{#- Key of a raw row in the whole landing folder, and of every fact made from it: the file's key plus the line. It stays
    the same whatever other files come and go. -#}
{% macro row_key(relation) -%}
    {{ relation }}.file_id + {{ relation }}.line_number
{%- endmacro %}

{% macro chain_key(industry_key, country_key) -%}
    {{ industry_key }} * 1000 + {{ country_key }}
{%- endmacro %}

{#- Key of a link in a chain: of at most nine links (seed links). -#}
{% macro chain_link_key(chain_key, link_key) -%}
    {{ chain_key }} * 10 + {{ link_key }}
{%- endmacro %}
