{#- The Poisson(1) quantile of a uniform number in [0, 1): how often a Poisson bootstrap draws a customer.
    Cut off at 10, which one draw in a hundred million exceeds. -#}
{% macro poisson_weight(uniform) -%}
case
    {%- set term = namespace(value=0.36787944117144233, sum=0.0) %}
    {%- for drawn in range(10) %}
    {%- set term.sum = term.sum + term.value %}
    when {{ uniform }} < {{ term.sum }} then {{ drawn }}
    {%- set term.value = term.value / (drawn + 1) %}
    {%- endfor %}
    else 10
end
{%- endmacro %}


{#- One round of integer hashing: a permutation-like quadratic map modulo the prime 2^31 - 1. The number must be below
    2^31, so that no product leaves 64 bits: every engine gives the same. -#}
{% macro hash_round(number, multiplier, addend) -%}
((({{ number }} * {{ number }}) % 2147483647) * {{ multiplier }} + {{ number }} * {{ addend }} + {{ addend }}) % 2147483647
{%- endmacro %}
