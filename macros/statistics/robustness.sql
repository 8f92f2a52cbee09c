{#- Robustness value (Cinelli and Hazlett 2020): the share of what is left unexplained that something unseen would have to
    explain of the cause and of the outcome, to bring an estimate to 0. -#}
{%- macro robustness_value(t, degrees_of_freedom) -%}
    {%- set f2 = '(cast(' ~ t ~ ' as double) * (' ~ t ~ ') / nullif(' ~ degrees_of_freedom ~ ', 0))' -%}
    (sqrt({{ f2 }} * {{ f2 }} + 4 * {{ f2 }}) - {{ f2 }}) / 2
{%- endmacro -%}
