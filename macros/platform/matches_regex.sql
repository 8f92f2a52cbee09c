{#- True where the pattern occurs in the text. Write a literal dot as [.]: Spark unescapes backslashes. -#}
{% macro matches_regex(text, pattern) -%}
    {{ return(adapter.dispatch('matches_regex')(text, pattern)) }}
{%- endmacro %}

{#- Java's $ matches before a line break at the end too. -#}
{% macro default__matches_regex(text, pattern) -%}
    regexp_like({{ text }}, '{{ pattern[:-1] ~ '\\\\z' if pattern.endswith('$') else pattern }}')
{%- endmacro %}

{% macro duckdb__matches_regex(text, pattern) -%}
    regexp_matches({{ text }}, '{{ pattern }}')
{%- endmacro %}
