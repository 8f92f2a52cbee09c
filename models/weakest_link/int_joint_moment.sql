{#- Products of an anchor's score, a control's score and the outcome about their means, per bootstrap replicate: within
    tenure band and segment (standardised), and over all (crude). -#}
{%- set sums = [
    'pairs', 'detractors', 'passives', 'standing', 'standing_of_detractors', 'standing_of_passives', 'standing_squares',
    'retained_e9', 'standing_retained_e9',
] -%}
with

pairs as (

    select * from {{ ref('int_joint_pair') }}

),

weights as (

    select * from {{ ref('int_bootstrap_weight') }}

),

strata as (

    select
        pairs.chain_link_key,
        pairs.control_link_key,
        pairs.tenure_band_key,
        pairs.segment,
        weights.replicate,
        {%- for column in sums %}
            sum(weights.weight * pairs.{{ column }}) as {{ column }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from pairs
    inner join weights on pairs.bucket = weights.bucket
    group by
        pairs.chain_link_key,
        pairs.control_link_key,
        pairs.tenure_band_key,
        pairs.segment,
        weights.replicate

),

both_ways as (

    select
        1 as is_standardised,
        strata.*
    from strata

    union all

    select
        0 as is_standardised,
        chain_link_key,
        control_link_key,
        0 as tenure_band_key,
        'all' as segment,
        replicate,
        {%- for column in sums %}
            sum({{ column }}) as {{ column }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from strata
    group by chain_link_key, control_link_key, replicate

)

{%- set products = {
    'standing_squares': ('standing_squares', 'standing', 'standing', 1),
    'detractor_standing': ('standing_of_detractors', 'detractors', 'standing', 1),
    'passive_standing': ('standing_of_passives', 'passives', 'standing', 1),
    'standing_retained': ('standing_retained_e9', 'standing', 'retained_e9', 1e9),
} %}

select
    chain_link_key,
    control_link_key,
    is_standardised,
    replicate,
    cast(sum(pairs) as double) as pairs,
    {%- for name, (sum_ab, sum_a, sum_b, unit) in products.items() %}
        {{ stable_sum(centred_product(sum_ab, sum_a, sum_b, 'pairs') ~ ' / ' ~ unit, 12) }} as {{ name }}
        {%- if not loop.last %},{% endif %}
    {%- endfor %}
from both_ways
group by chain_link_key, control_link_key, is_standardised, replicate
