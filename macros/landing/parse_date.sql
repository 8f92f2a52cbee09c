{#- Date of yyyy-mm-dd with nothing but these two hyphens: years before Christ, or of three digits, are an engine's own. -#}
{% macro iso_date(text) -%}
    case when {{ text }} not like '%-%-%-%' then try_cast({{ text }} as date) end
{%- endmacro %}

{#- Date of a text written yyyy-mm-dd, or of one with a clock time behind it, as databases and spreadsheets write a day. With
    an offset behind that it could be two days, and is none. -#}
{% macro parse_date(text) -%}
    case
        when {{ text }} like '____-__-__' then {{ iso_date(text) }}
        when {{ matches_regex(text, '^.{10}[T ]' ~ clock_pattern() ~ '$') }} and {{ text }} like '____-__-__%'
            then {{ iso_date('substring(' ~ text ~ ', 1, 10)') }}
    end
{%- endmacro %}

{#- Date of a text written dd-mm-yyyy, as the importer does, with or without a clock time. -#}
{% macro parse_dutch_date(text) -%}
    {%- set day -%}
        {{ iso_date(
            'concat(' ~ [
                'substring(' ~ text ~ ', 7, 4)',
                'substring(' ~ text ~ ', 4, 2)',
                'substring(' ~ text ~ ', 1, 2)',
            ] | join(", '-', ") ~ ')'
        ) }}
    {%- endset -%}
    case
        when {{ text }} like '__-__-____' then {{ day }}
        when {{ matches_regex(text, '^.{10}[T ]' ~ clock_pattern() ~ '$') }} and {{ text }} like '__-__-____%' then {{ day }}
    end
{%- endmacro %}

{#- First day of a calendar month written yyyy-mm. -#}
{% macro parse_month(text) -%}
    case when {{ text }} like '____-__' then {{ iso_date("concat(" ~ text ~ ", '-01')") }} end
{%- endmacro %}
