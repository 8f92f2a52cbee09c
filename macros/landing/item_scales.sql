{#- The scales on which further questions of a survey are rated, as the contract's words name them: lowest and highest. -#}
{% macro item_scales() -%}
    {%- set found = [] -%}
    {%- for code in landing_columns('chain__survey_items')['scale']['words'].values() | unique -%}
        {%- set ends = code.split('-') -%}
        {%- do found.append({'code': code, 'lowest': ends[0] | int, 'highest': ends[1] | int}) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- A rating lies on the scale that its row names. -#}
{% macro off_scale_rules() -%}
    {%- set rules = [] -%}
    {%- for scale in item_scales() -%}
        {%- set outside = 'rating not between ' ~ scale['lowest'] ~ ' and ' ~ scale['highest'] -%}
        {%- do rules.append(['out_of_range:rating', "scale = '" ~ scale['code'] ~ "' and " ~ outside]) -%}
    {%- endfor -%}
    {{ return(rules) }}
{%- endmacro %}

{#- The steps into which ratings of all scales can be told in whole numbers, so that sums of them are exact. -#}
{% macro rating_steps() -%}
    {%- set steps = namespace(product=1) -%}
    {%- for scale in item_scales() -%}
        {%- set steps.product = steps.product * (scale['highest'] - scale['lowest']) -%}
    {%- endfor -%}
    {{ return(steps.product) }}
{%- endmacro %}

{#- How many of these steps a rating lies above the lowest one of its scale: 0 to rating_steps(). -#}
{% macro rating_in_steps(rating, scale) -%}
    case {{ scale }}
        {%- for known in item_scales() %}
        when '{{ known['code'] }}'
            then ({{ rating }} - {{ known['lowest'] }}) * {{ rating_steps() // (known['highest'] - known['lowest']) }}
        {%- endfor %}
    end
{%- endmacro %}
