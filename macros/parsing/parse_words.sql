{#- Boolean of the two words that stand for it. -#}
{% macro parse_boolean(text, true_word='true', false_word='false') -%}
    case {{ text }} when '{{ true_word }}' then true when '{{ false_word }}' then false end
{%- endmacro %}

{#- The project's word for a tier's word; null for any other word. -#}
{% macro translate_word(text, words) -%}
    case {{ text }}{% for theirs, ours in words.items() %} when '{{ theirs }}' then '{{ ours }}'{% endfor %} end
{%- endmacro %}
