{#- True where the pattern occurs in the text. Write a literal dot as [.]: Spark unescapes backslashes. -#}
{% macro matches_regex(text, pattern) -%}
    {{ return(adapter.dispatch('matches_regex')(text, pattern)) }}
{%- endmacro %}

{% macro default__matches_regex(text, pattern) -%}
    regexp_like({{ text }}, '{{ pattern }}')
{%- endmacro %}

{% macro duckdb__matches_regex(text, pattern) -%}
    regexp_matches({{ text }}, '{{ pattern }}')
{%- endmacro %}
