{#- A sum of doubles that is the same in whatever order the engine adds: decimals add exactly.
    `scale` is the number of decimals kept; 38 - scale digits remain for the whole part. -#}
{%- macro stable_sum(expression, scale, over=none) -%}
    cast(sum(cast({{ expression }} as decimal(38, {{ scale }}))) {%- if over %} over ({{ over }}){% endif %} as double)
{%- endmacro -%}
