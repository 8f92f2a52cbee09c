{#- dbt-spark's session puts seed values between quotes as they are: a quote ends the text, and null becomes the word None. -#}
{% macro spark__load_csv_rows(model, agate_table) -%}
    {%- set types = model['config'].get('column_types', {}) -%}
    {%- set rows = [] -%}
    {%- for row in agate_table.rows -%}
        {%- set values = [] -%}
        {%- for value in row -%}
            {%- set column = agate_table.column_names[loop.index0] -%}
            {%- set type = types.get(column, adapter.convert_type(agate_table, loop.index0)) -%}
            {%- set escaped = (value | string).replace('\\', '\\\\').replace("'", "\\'") -%}
            {%- do values.append('cast(' ~ ('null' if value is none else "'" ~ escaped ~ "'") ~ ' as ' ~ type ~ ')') -%}
        {%- endfor -%}
        {%- do rows.append('(' ~ values | join(', ') ~ ')') -%}
    {%- endfor -%}
    {%- set sql = 'insert into ' ~ this.render() ~ ' values ' ~ rows | join(', ') -%}
    {%- do adapter.add_query(sql, abridge_sql_log=True) -%}
    {{ return(sql) }}
{%- endmacro %}
