{#- Boolean of a text. -#}
{% macro parse_boolean(text) -%}
    case {{ text }} when 'true' then true when 'false' then false end
{%- endmacro %}

{#- A code of a partner's own list; `other` for whatever else somebody typed. -#}
{% macro code_or_other(text) -%}
    case
        when {{ matches_regex(text, '^[a-z][a-z0-9_-]{0,29}$') }} then {{ text }}
        when {{ text }} is not null then 'other'
    end
{%- endmacro %}

{#- The project's word, or true and false, for a tier's word; null for any other word. -#}
{% macro translate_word(text, words) -%}
    case {{ text }}
    {%- for theirs, ours in words.items() %} when '{{ theirs }}' then {{ (ours | lower) if ours is boolean else "'" ~ ours ~ "'" }}{% endfor %} end
{%- endmacro %}
