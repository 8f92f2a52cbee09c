{#- Figures as a manager would say them, in the language of `words`, a row of words_by_language. -#}

{#- Phrases that the figures take. -#}
{% macro words_of_figures() -%}
    {{ return(['decimal_sign', 'millions', 'thousands', 'percent_over', 'percent_under', 'percent_whole']) }}
{%- endmacro %}


{#- An amount in euros, rounded: 1.2 m, 184 k, 950. -#}
{%- macro euros_in_words(amount) -%}
    {%- set text_type = dbt.type_string() -%}
    {%- set millions = "cast(cast((" ~ amount ~ ") / 1e6 as decimal(18, 1)) as " ~ text_type ~ ")" -%}
    {%- set thousands = "cast(cast(round((" ~ amount ~ ") / 1e3) as bigint) as " ~ text_type ~ ")" -%}
    case
        when abs({{ amount }}) >= 999500
            then {{ filled('words.millions', {'amount': "replace(" ~ millions ~ ", '.', words.decimal_sign)"}) }}
        when abs({{ amount }}) >= 999.5 then {{ filled('words.thousands', {'amount': thousands}) }}
        else cast(cast(round({{ amount }}) as bigint) as {{ text_type }})
    end
{%- endmacro -%}


{#- A probability in whole percent. Rounded down, so that 0.796 never reads as the 80 % of a threshold; never 0 or 100 %,
    which no count of draws can show. -#}
{%- macro percent_in_words(probability) -%}
    {%- set whole = "cast(cast(floor((" ~ probability ~ ") * 100 + 1e-9) as integer) as " ~ dbt.type_string() ~ ")" -%}
    case
        when {{ probability }} > 0.99 then {{ filled('words.percent_over', {'percent': "'99'"}) }}
        when {{ probability }} < 0.01 then {{ filled('words.percent_under', {'percent': "'1'"}) }}
        else {{ filled('words.percent_whole', {'percent': whole}) }}
    end
{%- endmacro -%}
