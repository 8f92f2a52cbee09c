{#- Figures as a manager would say them. -#}

{#- An amount in euros, rounded: 1.2 m, 184 k, 950. -#}
{%- macro euros_in_words(amount) -%}
    case
        when abs({{ amount }}) >= 999500
            then concat(cast(cast(({{ amount }}) / 1e6 as decimal(18, 1)) as {{ dbt.type_string() }}), ' m')
        when abs({{ amount }}) >= 999.5
            then concat(cast(cast(round(({{ amount }}) / 1e3) as bigint) as {{ dbt.type_string() }}), ' k')
        else cast(cast(round({{ amount }}) as bigint) as {{ dbt.type_string() }})
    end
{%- endmacro -%}

{#- A probability with two decimals, rounded down so that 0.796 never reads as a threshold of 0.8; never 0.00 or 1.00,
    which no bootstrap can show. -#}
{%- macro probability_in_words(probability) -%}
    case
        when {{ probability }} > 0.99 then 'over 0.99'
        when {{ probability }} < 0.01 then 'under 0.01'
        else cast(cast(floor(({{ probability }}) * 100 + 1e-9) / 100 as decimal(3, 2)) as {{ dbt.type_string() }})
    end
{%- endmacro -%}

{#- A share as text in whole percent. Rounded down, so that 0.796 never reads as the 80 % of a threshold. -#}
{% macro whole_percent(share) -%}
concat(cast(cast(floor(({{ share }}) * 100 + 1e-9) as integer) as {{ dbt.type_string() }}), ' %')
{%- endmacro %}
