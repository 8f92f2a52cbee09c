{#- All timestamps of the warehouse are UTC in a type without time zone, so that no session setting moves them. -#}

{#- UTC timestamp of a text that carries its own offset; null where it is none. -#}
{% macro offset_text_to_utc(text) -%}
    {{ return(adapter.dispatch('offset_text_to_utc')(text)) }}
{%- endmacro %}

{% macro default__offset_text_to_utc(text) -%}
    convert_timezone(current_timezone(), 'UTC', cast(try_cast({{ text }} as timestamp_ltz) as timestamp_ntz))
{%- endmacro %}

{% macro duckdb__offset_text_to_utc(text) -%}
    make_timestamp(epoch_us(try_cast({{ text }} as timestamptz)))
{%- endmacro %}

{#- UTC timestamp of a text that is the wall clock of a time zone; null where it is none. -#}
{% macro local_text_to_utc(text, time_zone) -%}
    {{ return(adapter.dispatch('local_text_to_utc')(text, time_zone)) }}
{%- endmacro %}

{#- Of the hour that comes twice when summer time ends the second one is meant, as DuckDB has it; Spark takes the first. -#}
{% macro default__local_text_to_utc(text, time_zone) -%}
    {%- set local = 'try_cast(' ~ text ~ ' as timestamp_ntz)' -%}
    {%- set first = 'convert_timezone(' ~ time_zone ~ ", 'UTC', " ~ local ~ ')' -%}
    {%- set second = first ~ " + interval '1' hour" -%}
    case when convert_timezone('UTC', {{ time_zone }}, {{ second }}) = {{ local }} then {{ second }} else {{ first }} end
{%- endmacro %}

{#- A zone that stands in the query is looked up once, one that stands in a row at every row, at six times the cost. -#}
{% macro duckdb__local_text_to_utc(text, time_zone) -%}
    {%- set local = 'try_cast(' ~ text ~ ' as timestamp)' -%}
    make_timestamp(epoch_us(
        case {{ time_zone }}
            {%- for zone in var('time_zones') %}
            when '{{ zone }}' then timezone('{{ zone }}', {{ local }})
            {%- endfor %}
            else timezone({{ time_zone }}, {{ local }})
        end
    ))
{%- endmacro %}
