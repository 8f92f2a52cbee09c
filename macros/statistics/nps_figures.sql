{#- The measures of both NPS marts, from counts per cell: null where the cell is suppressed. Invitations stay, since
    they tell nothing about an answer; they and the rates are null where the surveys record no invitations. -#}
{%- macro nps_figures(relation, nonresponse) -%}
    {%- set counts = [relation ~ '.promoters', relation ~ '.detractors', relation ~ '.responses'] -%}
    {%- set shown = 'case when not ' ~ relation ~ '.is_suppressed then' -%}
    case when {{ relation }}.has_invitations then cast({{ relation }}.invitations as bigint) end as invitations,
    {{ shown }} cast({{ relation }}.responses as bigint) end as responses,
    {{ shown }} cast({{ relation }}.answered as double) / nullif({{ relation }}.delivered, 0) end as response_rate,
    {%- for end in ['low', 'high'] %}
    {%- set wilson = wilson_low if end == 'low' else wilson_high %}
    {{ shown }} {{ wilson(relation ~ '.answered', relation ~ '.delivered') }} end as response_rate_ci_{{ end }},
    {%- endfor %}
    {{ shown }} cast({{ relation }}.promoters as bigint) end as promoters,
    {{ shown }} cast({{ relation }}.passives as bigint) end as passives,
    {{ shown }} cast({{ relation }}.detractors as bigint) end as detractors,
    {{ shown }} {{ nps(*counts) }} end as nps,
    {{ shown }} {{ nps_ci_low(*counts) }} end as nps_ci_low,
    {{ shown }} {{ nps_ci_high(*counts) }} end as nps_ci_high,
    {%- for figure in [
        'response_rate_rr1', 'n_eff', 'nps_weighted', 'nps_weighted_ci_low', 'nps_weighted_ci_high', 'is_mode_mix_changed'
    ] %}
    {{ shown }} {{ nonresponse }}.{{ figure }} end as {{ figure }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro -%}
