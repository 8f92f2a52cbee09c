{#- A 60-bit key of a text, the same on every engine. For small dimensions only: hashing text is dear. -#}
{% macro hash_60(text) -%}
    {{ return(adapter.dispatch('hash_60')(text)) }}
{%- endmacro %}

{% macro default__hash_60(text) -%}
    cast(conv(substr(md5({{ text }}), 1, 15), 16, 10) as bigint)
{%- endmacro %}

{% macro duckdb__hash_60(text) -%}
    cast('0x' || substr(md5({{ text }}), 1, 15) as bigint)
{%- endmacro %}
