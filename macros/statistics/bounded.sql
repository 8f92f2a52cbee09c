{#- A double that a rounding error may carry past what it can be; null stays null, which least and greatest would skip. -#}
{%- macro bounded(value, low, high) -%}
    case
        when {{ value }} < {{ low }} then cast({{ low }} as double)
        when {{ value }} > {{ high }} then cast({{ high }} as double)
        else {{ value }}
    end
{%- endmacro -%}
