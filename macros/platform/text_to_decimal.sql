{#- Decimal of a text of digits; null where it is none. -#}
{% macro text_to_decimal(text, precision, scale) -%}
    {{ return(adapter.dispatch('text_to_decimal')(text, precision, scale)) }}
{%- endmacro %}

{#- Java reads the digits of every script. -#}
{% macro default__text_to_decimal(text, precision, scale) -%}
    case when {{ matches_regex(text, '^[ -~]*$') }} then try_cast({{ text }} as decimal({{ precision }}, {{ scale }})) end
{%- endmacro %}

{% macro duckdb__text_to_decimal(text, precision, scale) -%}
    try_cast({{ text }} as decimal({{ precision }}, {{ scale }}))
{%- endmacro %}
