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

{#- UTC timestamp of a text that is the wall clock of a time zone; null where it is none. Of the hour that comes twice when
    summer time ends the first one is meant. -#}
{% macro local_text_to_utc(text, time_zone) -%}
    {{ return(adapter.dispatch('local_text_to_utc')(text, time_zone)) }}
{%- endmacro %}

{% macro default__local_text_to_utc(text, time_zone) -%}
    convert_timezone({{ time_zone }}, 'UTC', try_cast({{ text }} as timestamp_ntz))
{%- endmacro %}

{#- DuckDB takes the second. Clocks are put back at night, so few rows are looked at twice, and these as few: one look-up in
    another, zone by zone, made queries that took longer to plan than to run. -#}
{% macro duckdb__local_text_to_utc(text, time_zone) -%}
    {%- set local = 'try_cast(' ~ text ~ ' as timestamp)' -%}
    {%- set second = duckdb_in_zone_of_few(local, time_zone) -%}
    {%- set hour_before = '(' ~ second ~ " - interval '1' hour)" -%}
    make_timestamp(epoch_us(
        case
            when not {{ is_put_back_hour(text) }} then {{ duckdb_in_zone(local, time_zone) }}
            when {{ duckdb_in_zone_of_few(hour_before, time_zone) }} = {{ local }} then {{ hour_before }}
            else {{ second }}
        end
    ))
{%- endmacro %}

{#- The other moment, an hour later, that a wall clock of the hour that comes twice may mean; null of all other moments.
    `moment` is the first one, in UTC. -#}
{% macro moment_again(text, moment, time_zone) -%}
    case
        when {{ is_put_back_hour(text) }} and not {{ has_offset(text) }}
            then case
                when {{ utc_to_local(moment ~ " + interval '1' hour", time_zone, of_few=true) }} = {{ utc_to_local(moment, time_zone, of_few=true) }}
                    then {{ moment }} + interval '1' hour
            end
    end
{%- endmacro %}

{#- A wall clock from 23:00 to 03:00: all zones put their clocks back in these hours. -#}
{% macro is_put_back_hour(text) -%}
    substring({{ text }}, 12, 2) in ('23', '00', '01', '02')
{%- endmacro %}

{#- Wall clock of a time zone at a UTC moment; null where either is. `of_few`: only a few rows are asked for it. -#}
{% macro utc_to_local(moment, time_zone, of_few=false) -%}
    {{ return(adapter.dispatch('utc_to_local')(moment, time_zone, of_few)) }}
{%- endmacro %}

{% macro default__utc_to_local(moment, time_zone, of_few) -%}
    convert_timezone('UTC', {{ time_zone }}, {{ moment }})
{%- endmacro %}

{% macro duckdb__utc_to_local(moment, time_zone, of_few) -%}
    {%- set in_zone = duckdb_in_zone_of_few if of_few else duckdb_in_zone -%}
    {{ in_zone("make_timestamptz(epoch_us(" ~ moment ~ '))', time_zone) }}
{%- endmacro %}

{#- A wall clock as a moment, or a moment as a wall clock. A zone that stands in the query is looked up once, one that stands
    in a row at every row, at six times the cost. -#}
{% macro duckdb_in_zone(time, time_zone) -%}
    case {{ time_zone }}
        {%- for zone in var('time_zones') %}
        when '{{ zone }}' then timezone('{{ zone }}', {{ time }})
        {%- endfor %}
        else {{ duckdb_in_zone_of_few(time, time_zone) }}
    end
{%- endmacro %}

{% macro duckdb_in_zone_of_few(time, time_zone) -%}
    timezone({{ time_zone }}, {{ time }})
{%- endmacro %}
