{#- Below, about or above the rest: the difference of adjusted NPS, tested against the chance of both sides. Over the
    partners of a network Benjamini-Hochberg, whose last discovery's level is the limit of all. -#}
{%- set network = ['chain_link_key', 'period_kind', 'period_from'] -%}
{%- set whole_network = 'partition by ' ~ network | join(', ') -%}
{%- set false_discovery_rate = double_var('false_discovery_rate') -%}
with

partners as (

    select
        *,
        difference_from_rest / sqrt(difference_variance) as t
    from {{ ref('int_partner_adjusted') }}
    -- without variance there is no chance to compare with
    where difference_variance > 0

),

deviates as (

    select
        *,
        {{ student_deviate('t', 'degrees_of_freedom') }} as z
    from partners

),

tested as (

    select
        *,
        {{ two_sided_p('z') }} as p_value
    from deviates

),

discoveries as (

    {{ benjamini_hochberg('tested', network, 'partner_code', 'p_value') }}

),

judged as (

    select
        tested.*,
        discoveries.q_value,
        discoveries.q_value <= {{ false_discovery_rate }} as is_beyond_chance
    from tested
    inner join discoveries
        on
            tested.chain_link_key = discoveries.chain_link_key
            and tested.period_kind = discoveries.period_kind
            and tested.period_from = discoveries.period_from
            and tested.partner_code = discoveries.partner_code

),

levelled as (

    select
        *,
        {{ false_discovery_rate }} / 2
        * greatest(sum(case when is_beyond_chance then 1 else 0 end) over ({{ whole_network }}), 1)
        / count(*) over ({{ whole_network }}) as limit_level
    from judged

),

with_deviate as (

    select
        *,
        {{ normal_upper_quantile('limit_level') }} as limit_deviate
    from levelled

),

with_limit as (

    select
        *,
        {{ student_quantile('limit_deviate', 'degrees_of_freedom') }} * sqrt(difference_variance) as limit_distance
    from with_deviate

)

select
    chain_link_key,
    period_kind,
    period_from,
    partner_code,
    p_value,
    q_value,
    limit_distance,
    case
        when not is_beyond_chance then 'about'
        when difference_from_rest < 0 then 'below'
        else 'above'
    end as standing
from with_limit
