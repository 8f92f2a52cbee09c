{#- How much of what a link's scores leave unexplained tenure band and segment explain of the outcome, and how much of
    the score: partial R squared, against which something unseen is measured (Cinelli and Hazlett 2020). -#}
with

outcomes as (

    select
        chain_link_key,
        tenure_band_key,
        segment,
        case when nps_category = 'detractor' then 1 else 0 end as detractor,
        case when nps_category = 'passive' then 1 else 0 end as passive,
        -- 2 for a detractor, 1 for a passive
        case nps_category when 'detractor' then 2 when 'passive' then 1 else 0 end as low,
        -- millionths, so that sums of squares are exact in any order
        cast(round(retained * 1e6) as bigint) as kept
    from {{ ref('int_response_outcome') }}

),

{%- set sums = {
    'detractors': 'detractor', 'passives': 'passive', 'low': 'low', 'low_squares': 'low * low', 'kept': 'kept',
    'detractor_kept': 'detractor * kept', 'passive_kept': 'passive * kept',
} %}

strata as (

    select
        chain_link_key,
        tenure_band_key,
        segment,
        count(*) as answers,
        {%- for name, product in sums.items() %}
            cast(sum({{ product }}) as bigint) as {{ name }},
        {%- endfor %}
        cast(sum(cast(kept as decimal(38, 0)) * kept) as double) as kept_squares
    from outcomes
    group by chain_link_key, tenure_band_key, segment

),

both_ways as (

    select
        1 as is_within,
        strata.*
    from strata

    union all

    select
        0 as is_within,
        chain_link_key,
        0 as tenure_band_key,
        'all' as segment,
        sum(answers) as answers,
        {%- for name in sums %}
            cast(sum({{ name }}) as bigint) as {{ name }},
        {%- endfor %}
        {{ stable_sum('kept_squares', 0) }} as kept_squares
    from strata
    group by chain_link_key

),

{%- set products = {
    's_dd': ('detractors', 'detractors', 'detractors', 1),
    's_pp': ('passives', 'passives', 'passives', 1),
    's_dp': ('0', 'detractors', 'passives', 1),
    's_ll': ('low_squares', 'low', 'low', 1),
    's_dy': ('detractor_kept', 'detractors', 'kept', 1e6),
    's_py': ('passive_kept', 'passives', 'kept', 1e6),
    's_yy': ('kept_squares', 'kept', 'kept', 1e12),
} %}

moments as (

    select
        chain_link_key,
        is_within,
        cast(sum(answers) as bigint) as answers,
        count(*) as strata,
        {%- for name, (sum_ab, sum_a, sum_b, unit) in products.items() %}
            {{ stable_sum(centred_product(sum_ab, sum_a, sum_b, 'answers') ~ ' / ' ~ unit, 12) }} as {{ name }}
            {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from both_ways
    group by chain_link_key, is_within

),

{%- set determinant = 's_dd * s_pp - s_dp * s_dp' %}

-- what scores leave unexplained of the outcome; of links without passives or detractors, the one that there is
residuals as (

    select
        *,
        s_yy - case
            when {{ determinant }} > 1e-9 * s_dd * s_pp
                then (s_dy * s_dy * s_pp - 2 * s_dy * s_py * s_dp + s_py * s_py * s_dd) / ({{ determinant }})
            when s_dd > 0 then s_dy * s_dy / s_dd
            when s_pp > 0 then s_py * s_py / s_pp
            else 0
        end as unexplained
    from moments

)

select
    chain_link_key,
    max(answers) as answers,
    max(strata) as strata,
    greatest(
        0,
        1 - max(case when is_within = 1 then unexplained end)
        / nullif(max(case when is_within = 0 then unexplained end), 0)
    ) as outcome_share,
    greatest(
        0, 1 - max(case when is_within = 1 then s_ll end) / nullif(max(case when is_within = 0 then s_ll end), 0)
    ) as score_share
from residuals
group by chain_link_key
