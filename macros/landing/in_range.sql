{#- Generic test: a whole number lies between two others, and is not null. -#}
{% test in_range(model, column_name, minimum, maximum) %}

select {{ column_name }}
from {{ model }}
where {{ column_name }} is null or {{ column_name }} not between {{ minimum }} and {{ maximum }}

{% endtest %}
