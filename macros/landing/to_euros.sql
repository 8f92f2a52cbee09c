{#- Euros for one unit of the currency; null where there is no rate. Needs the month's row of exchange_rates joined. -#}
{% macro euro_rate(currency) -%}
    case when {{ currency }} = 'EUR' then cast(1 as decimal(18, 9)) else exchange_rates.eur_per_unit end
{%- endmacro %}

{#- Euros of a row, to millionths: a row that is rounded to cents makes sums that are off by thousands of roundings. Room
    for var largest_number in any currency. -#}
{% macro euros_type() -%}
    {{ return('decimal(21, 6)') }}
{%- endmacro %}

{#- Sums of such rows. Spark keeps six decimals of a product with a whole number, and no more. -#}
{% macro euros_sum_type() -%}
    {{ return('decimal(28, 6)') }}
{%- endmacro %}

{#- Euros, rounded half up to millionths. The product needs more digits than its factors have; null for an amount so
    large that number_rules refuses it, since the row is computed before it is refused. Most amounts are euros already,
    and products of wide decimals are slow. -#}
{% macro to_euros(amount, rate='eur_per_unit') -%}
    case
        when {{ rate }} = 1 and abs({{ amount }}) <= {{ var('largest_number') }}
            then cast({{ amount }} as {{ euros_type() }})
        when abs({{ amount }}) <= {{ var('largest_number') }}
            then cast(round(cast({{ amount }} as decimal(18, 2)) * {{ rate }}, 6) as {{ euros_type() }})
    end
{%- endmacro %}

{#- First day of the month of a date: the month of its exchange rate. -#}
{% macro first_of_month(date_column) -%}
    cast({{ dbt.date_trunc('month', date_column) }} as date)
{%- endmacro %}
