{#- Net Promoter Score and its uncertainty, in NPS points (-100 to 100), from the counts of the grain shown.
    A figure of no responses is null. -#}

{%- macro nps_category(score) -%}
    case
        when {{ score }} between 9 and 10 then 'promoter'
        when {{ score }} between 7 and 8 then 'passive'
        when {{ score }} between 0 and 6 then 'detractor'
    end
{%- endmacro -%}

{%- macro nps_contribution(score) -%}
    case
        when {{ score }} between 9 and 10 then 100
        when {{ score }} between 7 and 8 then 0
        when {{ score }} between 0 and 6 then -100
    end
{%- endmacro -%}

{%- macro nps(promoters, detractors, responses) -%}
    100 * cast({{ promoters }} - {{ detractors }} as double) / nullif({{ responses }}, 0)
{%- endmacro -%}

{%- macro nps_standard_error(promoters, detractors, responses) -%}
    {#- n (p + d) - (p - d)^2 in whole numbers: exactly 0, never less, when all answers are alike -#}
    100 * sqrt(
        cast({{ responses }} as double) * ({{ promoters }} + {{ detractors }})
        - cast({{ promoters }} - {{ detractors }} as double) * ({{ promoters }} - {{ detractors }})
    ) / nullif({{ responses }}, 0) / sqrt(nullif({{ responses }}, 0))
{%- endmacro -%}

{#- An estimate that arithmetic may take past the ends of the scale. Null stays null, on either engine. -#}
{%- macro in_nps(estimate) -%}
    case when {{ estimate }} is not null then least(100, greatest(-100, {{ estimate }})) end
{%- endmacro -%}

{#- Adjusted Wald (Rocks 2016): 3/4 promoter, 3/4 detractor and 1 1/2 passive are added to every count. -#}
{%- macro nps_adjusted(promoters, detractors, responses) -%}
    100 * cast({{ promoters }} - {{ detractors }} as double) / (nullif({{ responses }}, 0) + 3)
{%- endmacro -%}

{%- macro nps_adjusted_standard_error(promoters, detractors, responses) -%}
    100 * sqrt(
        (cast({{ responses }} as double) + 3) * ({{ promoters }} + {{ detractors }} + 1.5e0)
        - cast({{ promoters }} - {{ detractors }} as double) * ({{ promoters }} - {{ detractors }})
    ) / (nullif({{ responses }}, 0) + 3) / sqrt(nullif({{ responses }}, 0) + 3)
{%- endmacro -%}

{%- macro nps_ci_low(promoters, detractors, responses) -%}
    case
        when {{ responses }} > 0 then greatest(
            -100,
            {{ nps_adjusted(promoters, detractors, responses) }}
            - {{ double_var('z_95') }} * {{ nps_adjusted_standard_error(promoters, detractors, responses) }}
        )
    end
{%- endmacro -%}

{%- macro nps_ci_high(promoters, detractors, responses) -%}
    case
        when {{ responses }} > 0 then least(
            100,
            {{ nps_adjusted(promoters, detractors, responses) }}
            + {{ double_var('z_95') }} * {{ nps_adjusted_standard_error(promoters, detractors, responses) }}
        )
    end
{%- endmacro -%}
