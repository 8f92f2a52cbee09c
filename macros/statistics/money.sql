{#- Rates of growth and return, as fractions (0.05 is 5 %), from euros of the grain shown. Undefined: null. -#}

{%- macro money_ratio(part, whole) -%}
    cast({{ part }} as double) / case when {{ whole }} > 0 then cast({{ whole }} as double) end
{%- endmacro -%}

{#- Reichheld, Darnell and Burns (2021): NRR + earned new customers - 100 %. `earned_new` is what counts as earned. -#}
{%- macro earned_growth(kept, earned_new, before) -%}
    {{ money_ratio(kept ~ ' + ' ~ earned_new, before) }} - 1
{%- endmacro -%}

{#- Nobody whose reason is unknown was earned. Returns can make a revenue negative: the lower bound stays the lower. -#}
{%- macro earned_growth_low(kept, earned, unknown, before) -%}
    {{ earned_growth(kept, earned ~ ' + least(' ~ unknown ~ ', 0)', before) }}
{%- endmacro -%}

{#- All whose reason is unknown were earned. -#}
{%- macro earned_growth_high(kept, earned, unknown, before) -%}
    {{ earned_growth(kept, earned ~ ' + greatest(' ~ unknown ~ ', 0)', before) }}
{%- endmacro -%}

{#- The unknown divide as the known ones do; null where none is known and some are unknown. -#}
{%- macro earned_growth_central(kept, earned, bought, unknown, before) -%}
    case
        when {{ unknown }} = 0 then {{ earned_growth(kept, earned, before) }}
        when {{ earned }} >= 0 and {{ bought }} >= 0 then {{ earned_growth(
            'cast(' ~ kept ~ ' as double)',
            'cast(' ~ earned ~ ' as double) + cast(' ~ unknown ~ ' as double)'
            ~ ' * ' ~ money_ratio(earned, '(' ~ earned ~ ' + ' ~ bought ~ ')'),
            before,
        ) }}
    end
{%- endmacro -%}

{#- What came back for each euro spent, less that euro. -#}
{%- macro return_on_investment(gain, cost) -%}
    {{ money_ratio('(' ~ gain ~ ')', cost) }} - 1
{%- endmacro -%}

{#- Retention of a category in a stratum of a bootstrap replicate; a stratum too small to stand alone borrows the
    link's. Needs the relations strata, links and strata_that_stand_alone. -#}
{%- macro stratum_retention(category) -%}
    case
        when strata_that_stand_alone.has_{{ category }}s and strata.{{ category }}s > 0
            then strata.retained_{{ category }}s_e9 / (cast(strata.{{ category }}s as double) * 1e9)
        else links.retained_{{ category }}s_e9 / (cast(nullif(links.{{ category }}s, 0) as double) * 1e9)
    end
{%- endmacro -%}
