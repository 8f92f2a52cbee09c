{#- A day some days later (or earlier, with a negative number). -#}
{% macro add_days(day, days) -%}
    {{ return(adapter.dispatch('add_days')(day, days)) }}
{%- endmacro %}

{% macro default__add_days(day, days) -%}
    date_add({{ day }}, {{ days }})
{%- endmacro %}

{% macro duckdb__add_days(day, days) -%}
    ({{ day }} + cast({{ days }} as integer))
{%- endmacro %}


{#- Days from one day to a later one. -#}
{% macro days_between(first_day, last_day) -%}
    {{ return(adapter.dispatch('days_between')(first_day, last_day)) }}
{%- endmacro %}

{% macro default__days_between(first_day, last_day) -%}
    datediff({{ last_day }}, {{ first_day }})
{%- endmacro %}

{% macro duckdb__days_between(first_day, last_day) -%}
    cast(date_diff('day', {{ first_day }}, {{ last_day }}) as integer)
{%- endmacro %}


{#- First day of the calendar quarter of a day. -#}
{% macro quarter_start(day) -%}
    cast(date_trunc('quarter', {{ day }}) as date)
{%- endmacro %}


{#- Seconds from one timestamp to a later one. -#}
{% macro seconds_between(first_moment, last_moment) -%}
    {{ return(adapter.dispatch('seconds_between')(first_moment, last_moment)) }}
{%- endmacro %}

{% macro default__seconds_between(first_moment, last_moment) -%}
    timestampdiff(second, {{ first_moment }}, {{ last_moment }})
{%- endmacro %}

{% macro duckdb__seconds_between(first_moment, last_moment) -%}
    date_diff('second', {{ first_moment }}, {{ last_moment }})
{%- endmacro %}


{#- dbt's own goes through text and to_unix_timestamp, which is null for timestamps without time zone. -#}
{% macro spark__dateadd(datepart, interval, from_date_or_timestamp) -%}
    ({{ from_date_or_timestamp }} + ({{ interval }}) * interval '1' {{ datepart }})
{%- endmacro %}
