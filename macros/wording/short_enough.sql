{#- A sentence is at most var sentence_max_characters long. -#}
{% test short_enough(model, column_name) %}
select {{ column_name }}
from {{ model }}
where length({{ column_name }}) > {{ var('sentence_max_characters') }}
{% endtest %}
