{#- Decimal of a text with a decimal point: 1234.56. Thousands separators are no part of it, and neither is 1.2E+5:
    what a spreadsheet writes so has lost its last digits. -#}
{% macro parse_decimal(text, scale=2) -%}
    case
        when instr({{ text }}, '_') = 0 and instr(lower({{ text }}), 'e') = 0
            then {{ text_to_decimal(text, 18, scale) }}
    end
{%- endmacro %}

{#- Decimal of a text with a decimal comma: 1234,56 or 1.234,56. A dot is a thousands separator and nothing else, so
    1234.56 is no number here. -#}
{% macro parse_dutch_decimal(text) -%}
    case
        when instr({{ text }}, '.') = 0 then {{ parse_decimal("replace(" ~ text ~ ", ',', '.')") }}
        when {{ matches_regex(text, '^[-]?[0-9]{1,3}([.][0-9]{3})+(,[0-9]*)?$') }}
            then {{ parse_decimal("replace(replace(" ~ text ~ ", '.', ''), ',', '.')") }}
    end
{%- endmacro %}

{#- Integer of a text that is written as one: 7, not 7.0, 07 or +7 (a bare cast rounds 7.5 to 8). -#}
{% macro parse_integer(text) -%}
    case
        when cast(try_cast({{ text }} as integer) as {{ dbt.type_string() }}) = {{ text }}
            then try_cast({{ text }} as integer)
    end
{%- endmacro %}

{#- Answer to the recommend question: a whole number from 0 to 10. Never clipped, rounded or converted. -#}
{% macro parse_score(text) -%}
    case
        when trim({{ text }}) in ('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10')
            then cast(trim({{ text }}) as integer)
    end
{%- endmacro %}
