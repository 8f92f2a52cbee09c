{#- The texts of a group in one, separated by commas, in a stated order. -#}
{% macro text_list(text, order_by) -%}
    {{ return(adapter.dispatch('text_list')(text, order_by)) }}
{%- endmacro %}

{% macro default__text_list(text, order_by) -%}
    array_join(transform(array_sort(collect_list(struct({{ order_by }}, {{ text }}))), pair -> pair.col2), ', ')
{%- endmacro %}

{% macro duckdb__text_list(text, order_by) -%}
    string_agg({{ text }}, ', ' order by {{ order_by }})
{%- endmacro %}
