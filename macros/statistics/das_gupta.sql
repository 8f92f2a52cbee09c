{#- Das Gupta (1993): the part of one factor in the change of a product of 2 to 5 factors, symmetric in the other
    factors: its own change times the mean of their product over all ways in which each of them stands before or
    after. A way with k of the others after weighs k! (n - 1 - k)! / n!, and so the parts of all factors add up to the
    change exactly. For a sum of products over cells, add the cells' parts.

    factors  list of columns' stems: each has a column <stem>_before and a column <stem>_after
    factor   the one of them whose part is asked for -#}
{%- macro das_gupta_effect(factors, factor) -%}
    {%- if factors | length < 2 or factors | length > 5 or factor not in factors -%}
        {{ exceptions.raise_compiler_error('das_gupta_effect takes 2 to 5 factors and one of them') }}
    {%- endif -%}
    {%- set others = factors | reject('equalto', factor) | list -%}
    {%- set n = factors | length -%}
    {#- for k = 0, 1, ... -#}
    {%- set inverse_weights = {2: [2, 2], 3: [3, 6, 3], 4: [4, 12, 12, 4], 5: [5, 20, 30, 20, 5]}[n] -%}
    ({{ factor }}_after - {{ factor }}_before) * (
    {%- for way in range(2 ** (n - 1)) %}
        {%- set after = namespace(count=0) %}
        {%- set product = [] %}
        {%- for other in others %}
            {%- set is_after = (way // 2 ** loop.index0) % 2 == 1 %}
            {%- set after.count = after.count + (1 if is_after else 0) %}
            {%- do product.append(other ~ ('_after' if is_after else '_before')) %}
        {%- endfor %}
        {{ '+ ' if not loop.first }}{{ product | join(' * ') }} / {{ inverse_weights[after.count] }}e0
    {%- endfor %}
    )
{%- endmacro -%}
