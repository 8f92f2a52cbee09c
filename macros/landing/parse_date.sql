{#- Date of yyyy-mm-dd with nothing but these two hyphens: years before Christ, or of three digits, are an engine's own. -#}
{% macro iso_date(text) -%}
    case when {{ text }} not like '%-%-%-%' then try_cast({{ text }} as date) end
{%- endmacro %}

{#- Date of a text written yyyy-mm-dd. A Parquet file may hold it as a midnight timestamp: pandas has no plain date. -#}
{% macro parse_date(text) -%}
    case
        when {{ text }} like '____-__-__' or {{ text }} like '____-__-__ 00:00:00'
            then {{ iso_date('substring(' ~ text ~ ', 1, 10)') }}
    end
{%- endmacro %}

{#- Date of a text written dd-mm-yyyy, as the importer does. -#}
{% macro parse_dutch_date(text) -%}
    case
        when {{ text }} like '__-__-____'
            then {{ iso_date(
                'concat(' ~ [
                    'substring(' ~ text ~ ', 7, 4)',
                    'substring(' ~ text ~ ', 4, 2)',
                    'substring(' ~ text ~ ', 1, 2)',
                ] | join(", '-', ") ~ ')'
            ) }}
    end
{%- endmacro %}

{#- First day of a calendar month written yyyy-mm. -#}
{% macro parse_month(text) -%}
    case when {{ text }} like '____-__' then {{ iso_date("concat(" ~ text ~ ", '-01')") }} end
{%- endmacro %}
