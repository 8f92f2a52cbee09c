{#- UTC timestamp of a text written yyyy-mm-dd hh:mm, with or without T, seconds, fractions and offset. Without an
    offset it is the wall clock of the time zone given, or UTC where that is null. -#}
{% macro parse_timestamp(text, time_zone) -%}
    case
        when not {{ matches_regex(text, moment_pattern()) }} then null
        when {{ has_offset(text) }} then {{ offset_text_to_utc(with_seconds(text)) }}
        else {{ local_text_to_utc(text, "coalesce(" ~ time_zone ~ ", 'UTC')") }}
    end
{%- endmacro %}

{#- A moment by ISO 8601: no hour 24, since its day would be another than the day as written; offsets to 14 hours. -#}
{% macro moment_pattern() -%}
    {%- set time = '([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?' -%}
    {{ return('^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]' ~ time ~ '(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)?$') }}
{%- endmacro %}

{#- The calendar day where it happened: the day as written, with or without an offset. -#}
{% macro parse_timestamp_day(text) -%}
    try_cast(substring({{ text }}, 1, 10) as date)
{%- endmacro %}

{#- An offset or a Z stands behind the time. -#}
{% macro has_offset(text) -%}
    ({{ text }} like '%Z' or substring({{ text }}, 17) like '%+%' or substring({{ text }}, 17) like '%-%')
{%- endmacro %}

{#- hh:mm before an offset becomes hh:mm:00, since engines want the seconds there. -#}
{% macro with_seconds(text) -%}
    case
        when substring({{ text }}, 17, 1) = ':' then {{ text }}
        else concat(substring({{ text }}, 1, 16), ':00', substring({{ text }}, 17))
    end
{%- endmacro %}
