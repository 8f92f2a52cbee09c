{#- What two links lose together beyond the sum of what each loses, per bootstrap replicate: of customers who scored
    both, what the product of both scores' lowness adds to a linear regression on the two, within strata (standardised)
    and over all (crude), times the customers who met both.

    A regression without the product, as the joint model is, gives each link what it loses alone and the part of the
    product that its own score foretells: that is absorbed_a and absorbed_b here. Compounding is shrunk as covariances of
    the joint model are, towards none by the share of answers that are no such pair. -#}
{%- set tolerance = 1e-9 -%}
with

scores as (

    select * from {{ ref('int_pair_score') }}

),

exposures as (

    select * from {{ ref('int_pair_exposure') }}

),

weights as (

    select * from {{ ref('int_bootstrap_weight') }}

),

links as (

    select
        chain_link_key,
        replicate,
        sum(promoters + passives + detractors) as responses
    from {{ ref('int_link_stratum_replicate') }}
    group by chain_link_key, replicate

),

-- decided once, on all customers, so that bootstrap replicates differ by their customers only
seen_enough as (

    select
        link_key_a,
        link_key_b
    from scores
    where bucket < {{ var('bootstrap_buckets') }}
    group by link_key_a, link_key_b
    having sum(pairs) >= {{ var('joint_min_pairs') }}

),

strata as (

    select
        scores.link_key_a,
        scores.link_key_b,
        scores.tenure_band_key,
        scores.segment,
        weights.replicate,
        sum(weights.weight * scores.pairs) as pairs,
        {%- for name in pair_products() %}
            sum(weights.weight * scores.{{ name }}) as {{ name }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from scores
    inner join seen_enough on scores.link_key_a = seen_enough.link_key_a and scores.link_key_b = seen_enough.link_key_b
    inner join weights on scores.bucket = weights.bucket
    group by scores.link_key_a, scores.link_key_b, scores.tenure_band_key, scores.segment, weights.replicate

),

both_ways as (

    select
        1 as is_standardised,
        strata.*
    from strata

    union all

    select
        0 as is_standardised,
        link_key_a,
        link_key_b,
        0 as tenure_band_key,
        'all' as segment,
        replicate,
        sum(pairs) as pairs,
        {%- for name in pair_products() %}
            sum({{ name }}) as {{ name }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from strata
    group by link_key_a, link_key_b, replicate

),

{%- set products = {
    's_aa': ('squares_a', 'low_a', 'low_a', 1),
    's_bb': ('squares_b', 'low_b', 'low_b', 1),
    's_ab': ('low_both', 'low_a', 'low_b', 1),
    's_ac': ('both_a', 'low_a', 'low_both', 1),
    's_bc': ('both_b', 'low_b', 'low_both', 1),
    's_cc': ('both_both', 'low_both', 'low_both', 1),
    's_ay': ('retained_a_e9', 'low_a', 'retained_e9', 1e9),
    's_by': ('retained_b_e9', 'low_b', 'retained_e9', 1e9),
    's_cy': ('retained_both_e9', 'low_both', 'retained_e9', 1e9),
} %}

-- of products about the means: a and b are the scores, c their product, y the outcome
moments as (

    select
        is_standardised,
        link_key_a,
        link_key_b,
        replicate,
        cast(sum(pairs) as double) as pairs,
        sum(low_a) / cast(sum(pairs) as double) as mean_a,
        sum(low_b) / cast(sum(pairs) as double) as mean_b,
        sum(low_both) / cast(sum(pairs) as double) as mean_both,
        {%- for name, (sum_ab, sum_a, sum_b, unit) in products.items() %}
            {{ stable_sum(centred_product(sum_ab, sum_a, sum_b, 'pairs') ~ ' / ' ~ unit, 12) }} as {{ name }}
            {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from both_ways
    group by is_standardised, link_key_a, link_key_b, replicate

),

foretold as (

    select
        *,
        {%- set determinant = 's_aa * s_bb - s_ab * s_ab' %}
        {%- set is_determined = determinant ~ ' > ' ~ tolerance ~ ' * s_aa * s_bb' %}
        case when {{ is_determined }} then (s_ac * s_bb - s_bc * s_ab) / ({{ determinant }}) end as slope_a,
        case when {{ is_determined }} then (s_bc * s_aa - s_ac * s_ab) / ({{ determinant }}) end as slope_b
    from moments

),

compounding as (

    select
        *,
        -- of lost customers, so against the sign of those retained; two scores that say all of their product compound
        -- in no way that can be seen
        case
            when s_cc - slope_a * s_ac - slope_b * s_bc > {{ tolerance }} * s_cc
                then -(s_cy - slope_a * s_ay - slope_b * s_by) / (s_cc - slope_a * s_ac - slope_b * s_bc)
        end as loss_of_both
    from foretold

),

exposed as (

    select
        exposures.link_key_a,
        exposures.link_key_b,
        weights.replicate,
        sum(weights.weight * exposures.exposed) as exposed
    from exposures
    inner join weights on exposures.bucket = weights.bucket
    group by exposures.link_key_a, exposures.link_key_b, weights.replicate

),

lost as (

    select
        compounding.link_key_a,
        compounding.link_key_b,
        compounding.replicate,
        compounding.is_standardised,
        compounding.mean_both,
        compounding.slope_a * compounding.mean_a as foretold_a,
        compounding.slope_b * compounding.mean_b as foretold_b,
        exposed.exposed * compounding.loss_of_both * {{ seen_weight(
            'compounding.pairs', '(links_a.responses + links_b.responses)', var('joint_prior_pairs')
        ) }} as customers
    from compounding
    inner join exposed
        on
            compounding.link_key_a = exposed.link_key_a
            and compounding.link_key_b = exposed.link_key_b
            and compounding.replicate = exposed.replicate
    inner join links as links_a
        on compounding.link_key_a = links_a.chain_link_key and compounding.replicate = links_a.replicate
    inner join links as links_b
        on compounding.link_key_b = links_b.chain_link_key and compounding.replicate = links_b.replicate

)

select
    link_key_a,
    link_key_b,
    replicate,
    {%- set parts = {'compounded': 'mean_both', 'absorbed_a': 'foretold_a', 'absorbed_b': 'foretold_b'} %}
    {%- for is_standardised, ending in [(1, ''), (0, '_crude')] %}
        {%- for name, share in parts.items() %}
            coalesce(max(case when is_standardised = {{ is_standardised }} then customers * {{ share }} end), 0)
                as {{ name ~ ending }}{% if not loop.last %},{% endif %}
        {%- endfor %}
        {%- if not loop.last %},{% endif %}
    {%- endfor %}
from lost
group by link_key_a, link_key_b, replicate
