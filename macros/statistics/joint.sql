{#- Sum of products of two variables about their means in a stratum, from plain sums. -#}
{%- macro centred_product(sum_ab, sum_a, sum_b, n) -%}
    (cast({{ sum_ab }} as double) - cast({{ sum_a }} as double) * {{ sum_b }} / nullif({{ n }}, 0))
{%- endmacro -%}

{#- Weight of a covariance that was seen in some of the cases only: prior_cases of no covariance at all stand in for
    those that were not seen. 1 where every case was seen. -#}
{%- macro seen_weight(seen, cases, prior_cases) -%}
    cast({{ seen }} as double)
    / nullif({{ seen }} + {{ prior_cases }} * (1 - cast({{ seen }} as double) / nullif({{ cases }}, 0)), 0)
{%- endmacro -%}
