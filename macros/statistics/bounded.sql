{#- A double brought back to its bounds, one or both; null stays null, which least and greatest would pass over. -#}
{%- macro bounded(value, low=none, high=none) -%}
    case
        {%- if low is not none %}
        when {{ value }} < {{ low }} then cast({{ low }} as double)
        {%- endif %}
        {%- if high is not none %}
        when {{ value }} > {{ high }} then cast({{ high }} as double)
        {%- endif %}
        else {{ value }}
    end
{%- endmacro -%}
