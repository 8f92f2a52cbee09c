{#- Wilson's interval (1927) of a proportion, part of whole: 95 %, by var z_95. Null where the part is no part. -#}
{%- macro wilson_bound(part, whole, sign, limit, clip) -%}
    {%- set z = double_var('z_95') -%}
    case
        when {{ whole }} > 0 and {{ part }} between 0 and {{ whole }} then {{ clip }}(
            {{ limit }},
            (
                {{ part }} + {{ z }} * {{ z }} / 2
                {{ sign }} {{ z }} * sqrt(
                    cast({{ part }} as double) * ({{ whole }} - {{ part }}) / {{ whole }} + {{ z }} * {{ z }} / 4
                )
            ) / ({{ whole }} + {{ z }} * {{ z }})
        )
    end
{%- endmacro -%}

{%- macro wilson_low(part, whole) -%}
    {{ wilson_bound(part, whole, '-', '0e0', 'greatest') }}
{%- endmacro -%}

{%- macro wilson_high(part, whole) -%}
    {{ wilson_bound(part, whole, '+', '1e0', 'least') }}
{%- endmacro -%}
