{#- UTC timestamp of a text written yyyy-mm-dd hh:mm, with or without T, seconds, fractions and offset. Without an
    offset it is the wall clock of the time zone given, or UTC where that is null; of the hour that comes twice the first. -#}
{% macro parse_timestamp(text, time_zone) -%}
    case
        when not {{ matches_regex(text, moment_pattern()) }} then null
        when {{ has_offset(text) }} then {{ offset_text_to_utc(with_seconds(text)) }}
        else {{ local_text_to_utc(text, "coalesce(" ~ time_zone ~ ", 'UTC')") }}
    end
{%- endmacro %}

{#- A moment by ISO 8601: no hour 24, since its day would be another than the day as written; offsets to 14 hours. -#}
{% macro moment_pattern() -%}
    {{ return('^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]' ~ clock_pattern() ~ '(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)?$') }}
{%- endmacro %}

{#- hh:mm, with or without seconds and fractions of them. -#}
{% macro clock_pattern() -%}
    {{ return('([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?') }}
{%- endmacro %}

{#- The calendar day where it happened: of a moment with an offset or Z that of the place's own clock, of any other the day
    as written, since it is that clock's already. Where no place is known, the day as written too. -#}
{% macro parse_timestamp_day(text, moment, place_zone) -%}
    case
        when {{ has_offset(text) }}
            then coalesce(
                cast({{ utc_to_local(moment, place_zone) }} as date),
                {{ day_as_written(text) }}
            )
        else {{ day_as_written(text) }}
    end
{%- endmacro %}

{% macro day_as_written(text) -%}
    try_cast(substring({{ text }}, 1, 10) as date)
{%- endmacro %}

{#- The moment that a column's own moment can't lie before: that of the invitation, of the beginning. Null: there is none. -#}
{% macro earlier_moment(dataset, column) -%}
    {%- set said = landing_dataset(dataset) -%}
    {%- if said['columns'][column]['type'] != 'timestamp' or (column != said['answered'] and said['shape'] != 'contact') -%}
        {{ return(none) }}
    {%- elif column != said['day'] and said['columns'].get(said['day'], {})['type'] == 'timestamp' -%}
        {{ return(said['day']) }}
    {%- endif -%}
    {%- for reference in said['references'] -%}
        {%- for taken in reference['take'] or [] if landing_dataset(reference['to'])['columns'][taken]['type'] == 'timestamp' -%}
            {{ return(taken) }}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(none) }}
{%- endmacro %}

{#- Whether a moment or day lies before another, however the hour that comes twice is read. -#}
{% macro lies_before(dataset, column, earlier) -%}
    {%- set latest = 'coalesce(' ~ column ~ '_again, ' ~ column ~ ')' if earlier_moment(dataset, column) else column -%}
    {{ return(latest ~ ' < ' ~ earlier) }}
{%- endmacro %}

{#- The moment of a column that can't lie before another: in the hour that comes twice the second one, where the first would. -#}
{% macro moment_not_before(rows, dataset, column) -%}
    {%- set moment = rows ~ '.' ~ column -%}
    {%- set earlier = rows ~ '.' ~ earlier_moment(dataset, column) -%}
    {{ return('case when ' ~ moment ~ ' < ' ~ earlier ~ ' then coalesce(' ~ moment ~ '_again, ' ~ moment ~ ') else ' ~ moment ~ ' end') }}
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
