{#- A 52-bit key of a text, the same on every engine, and exact where numbers are doubles. For small dimensions only:
    hashing text is dear. -#}
{% macro hash_52(text) -%}
    {{ return(adapter.dispatch('hash_52')(text)) }}
{%- endmacro %}

{% macro default__hash_52(text) -%}
    cast(conv(substr(md5({{ text }}), 1, 13), 16, 10) as bigint)
{%- endmacro %}

{% macro duckdb__hash_52(text) -%}
    cast('0x' || substr(md5({{ text }}), 1, 13) as bigint)
{%- endmacro %}
