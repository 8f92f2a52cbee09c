{#- Boolean of a text. -#}
{% macro parse_boolean(text) -%}
    case {{ text }} when 'true' then true when 'false' then false end
{%- endmacro %}

{#- The project's word, or true and false, for a tier's word; null for any other word. -#}
{% macro translate_word(text, words) -%}
    case {{ text }}
    {%- for theirs, ours in words.items() %} when '{{ theirs }}' then {{ (ours | lower) if ours is boolean else "'" ~ ours ~ "'" }}{% endfor %} end
{%- endmacro %}
