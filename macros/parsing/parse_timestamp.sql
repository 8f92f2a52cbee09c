{#- UTC timestamp of a text written yyyy-mm-dd hh:mm, with or without T, seconds, fractions and offset. Without an
    offset it is the wall clock of the time zone given, or UTC where that is null. -#}
{% macro parse_timestamp(text, time_zone) -%}
    case
        when not ({{ text }} like '____-__-__ __:__%' or {{ text }} like '____-__-__T__:__%') then null
        when {{ has_offset(text) }} then {{ offset_text_to_utc(with_seconds(text)) }}
        else {{ local_text_to_utc(text, "coalesce(" ~ time_zone ~ ", 'UTC')") }}
    end
{%- endmacro %}

{#- The calendar day where it happened: the day as written, with or without an offset. -#}
{% macro parse_timestamp_day(text) -%}
    try_cast(substring({{ text }}, 1, 10) as date)
{%- endmacro %}

{#- An offset, a Z or a zone's name stands behind the time: something other than hh:mm, hh:mm:ss or a fraction. -#}
{% macro has_offset(text) -%}
    length({{ text }}) > 16
    and (
        substring({{ text }}, 17, 1) <> ':'
        or substring({{ text }}, 20, 1) not in ('', '.')
        or substring({{ text }}, 20) like '%+%'
        or substring({{ text }}, 20) like '%-%'
        or substring({{ text }}, 20) like '%Z'
        or substring({{ text }}, 20) like '% %'
    )
{%- endmacro %}

{#- hh:mm before an offset becomes hh:mm:00, since engines want the seconds there. -#}
{% macro with_seconds(text) -%}
    case
        when substring({{ text }}, 17, 1) = ':' then {{ text }}
        else concat(substring({{ text }}, 1, 16), ':00', substring({{ text }}, 17))
    end
{%- endmacro %}
