{#- A share as text in whole percent, for a sentence. Rounded down, so that 0.796 never reads as the 80 % of a threshold. -#}
{% macro whole_percent(share) -%}
concat(cast(cast(floor(({{ share }}) * 100 + 1e-9) as integer) as {{ dbt.type_string() }}), ' %')
{%- endmacro %}
