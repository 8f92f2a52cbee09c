{#- Generic test, one scan for a whole table: the key is unique, and neither the key nor any required column is null.
    A failing row shows the key. -#}
{% test unique_and_complete(model, key, required=[]) %}

select
    {{ key | join(',\n    ') }},
    count(*) as row_count
from {{ model }}
group by {{ key | join(', ') }}
having
    count(*) > 1
    {%- for column in key %}
    or {{ column }} is null
    {%- endfor %}
    {%- for column in required %}
    or count({{ column }}) < count(*)
    {%- endfor %}

{% endtest %}

{#- Generic test, one scan: none of these columns is null. -#}
{% test complete(model, columns) %}

select {{ columns | join(', ') }}
from {{ model }}
where {{ columns | join(' is null or ') }} is null

{% endtest %}
