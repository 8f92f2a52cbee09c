{#- First part of a base model: the CTEs raw_rows, parsed (every column of the contract as a value, null where the text is
    none; the text beside it as <column>_text) and repeated_keys. Where moments are read, the partner and its time zone are
    looked up here already, in a CTE timed: an engine that finds a moment in two columns would read it twice. The worked
    example is in docs/landing_models.md. -#}
{% macro parsed_rows(dataset) -%}
    {%- set said = landing_dataset(dataset) -%}
    {%- set is_timed = columns_with(dataset, 'type', 'timestamp') | length > 0 -%}
raw_rows as {{ inline_cte() }} (

    {{ raw_rows(dataset) }}

),

{% if is_timed -%}
{{ place_tables(dataset) }}
timed as {{ inline_cte() }} (

    select
        raw_rows.*,
        {{ place_columns(dataset) | join(',\n        ') }},
        coalesce({{ time_zone_of(dataset) }}, 'UTC') as clock_zone,
        {{ place_zone_of(dataset) }} as place_zone
        {%- for column in columns_with(dataset, 'type', 'timestamp') %},
        {{ parse_timestamp('raw_rows.' ~ column, time_zone_of(dataset)) }} as {{ column }}_moment
        {%- endfor %}
    from raw_rows
    {{ place_joins(dataset, 'raw_rows') | join('\n    ') }}

),

{% endif -%}
parsed as {{ inline_cte() }} (

    select
        {{ row_key('raw_rows') }} as row_key,
        raw_rows.file_id,
        raw_rows.line_number,
        {%- if said['link'] %}
        raw_rows.partner_code,
        {%- endif %}
        {%- for column in said['columns'] %}
        {{ parsed_column(dataset, column) }}{{ ',' if is_timed or not loop.last }}
        {%- endfor %}
        {%- if is_timed %}
            {%- for column in place_columns(dataset) %}
        raw_rows.{{ column.split(' as ')[-1].split('.')[-1] }}{{ ',' if not loop.last }}
            {%- endfor %}
        {%- endif %}
    from {{ 'timed as raw_rows' if is_timed else 'raw_rows' }}

),

repeated_keys as (

    {{ repeated_keys('parsed', said['key']) }}

)
{%- endmacro %}

{#- A column of the contract as a value, after its text where it is not text itself. -#}
{% macro parsed_column(dataset, column) -%}
    {%- set is = landing_dataset(dataset)['columns'][column] -%}
    {%- set raw = 'raw_rows.' ~ column -%}
    {%- if is['words'] -%}
        {{ raw }} as {{ column }}_text,
        {{ translated(raw, is['words'], is['default'], is['otherwise']) }} as {{ column }}
    {%- elif is['mangled_mark'] is not none -%}
        {{ raw }} as {{ column }}_text,
        {{ marked_or_null(raw, is['mangled_mark']) }} as {{ column }}
    {%- elif is['default'] -%}
        coalesce({{ raw }}, '{{ is['default'] }}') as {{ column }}
    {%- elif is['type'] == 'text' or is['identity'] -%}
        {{ raw }}
    {%- else -%}
        {{ raw }} as {{ column }}_text,
        {{ parsed_value(dataset, column) }} as {{ column }}
        {%- if is['type'] == 'timestamp' %},
        {{ parse_timestamp_day(raw, raw ~ '_moment', 'raw_rows.place_zone') }} as {{ local_day(column) }}
            {%- if earlier_moment(dataset, column) %},
        {{ moment_again(raw, raw ~ '_moment', 'raw_rows.clock_zone') }} as {{ column }}_again
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#- A number that names something; null for the mark by which the intake tells one that a spreadsheet shortened. -#}
{% macro marked_or_null(raw, mark) -%}
    nullif({{ raw }}, {{ "'" ~ mark ~ "'" if mark is string else mark }})
{%- endmacro %}

{#- The value of a text by the contract's type, in the data set's notation. -#}
{% macro parsed_value(dataset, column) -%}
    {%- set said = landing_dataset(dataset) -%}
    {%- set is = said['columns'][column] -%}
    {%- set raw = 'raw_rows.' ~ column -%}
    {%- if is['type'] == 'date' -%}
        {{ parse_dutch_date(raw) if said['date_format'] == 'dd-mm-yyyy' else parse_date(raw) }}
    {%- elif is['type'] == 'month' -%}
        {{ parse_month(raw) }}
    {%- elif is['type'] == 'timestamp' -%}
        {{ raw }}_moment
    {%- elif is['type'] == 'integer' -%}
        {{ parse_integer(raw) }}
    {%- elif is['type'] == 'decimal' -%}
        {{ parse_dutch_decimal(raw) if said['decimal_comma'] else parse_decimal(raw, is['scale']) }}
    {%- elif is['type'] == 'score' -%}
        {{ parse_score(raw) }}
    {%- elif is['type'] == 'boolean' -%}
        {{ parse_boolean(raw) }}
    {%- else -%}
        {%- do exceptions.raise_compiler_error(dataset ~ '.' ~ column ~ ': no macro reads the type ' ~ is['type']) -%}
    {%- endif -%}
{%- endmacro %}

{#- The project's word, or true and false, for a tier's word; a blank is the default, where there is one, and so has any
    other word its meaning where the contract gives it one. -#}
{% macro translated(raw, words, default, otherwise=none) -%}
    {%- set word = translate_word(raw, words) -%}
    {%- if otherwise -%}
        {%- set word = 'coalesce(' ~ translate_word('lower(' ~ raw ~ ')', words) ~ ", '" ~ otherwise ~ "')" -%}
    {%- endif -%}
    {%- if default -%}
        case when {{ raw }} is null then '{{ default }}' else {{ word }} end
    {%- else -%}
        {{ word }}
    {%- endif -%}
{%- endmacro %}
