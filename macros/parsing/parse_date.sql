{#- Date of a text written yyyy-mm-dd. A Parquet file may hold it as a midnight timestamp: pandas has no plain date. -#}
{% macro parse_date(text) -%}
    case
        when {{ text }} like '____-__-__' or {{ text }} like '____-__-__ 00:00:00'
            then try_cast(substring({{ text }}, 1, 10) as date)
    end
{%- endmacro %}

{#- Date of a text written dd-mm-yyyy, as the importer does. -#}
{% macro parse_dutch_date(text) -%}
    case
        when {{ text }} like '__-__-____'
            then try_cast(
                concat(substring({{ text }}, 7, 4), '-', substring({{ text }}, 4, 2), '-', substring({{ text }}, 1, 2))
                as date
            )
    end
{%- endmacro %}

{#- First day of a calendar month written yyyy-mm. -#}
{% macro parse_month(text) -%}
    case when {{ text }} like '____-__' then try_cast(concat({{ text }}, '-01') as date) end
{%- endmacro %}
