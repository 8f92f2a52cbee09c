{#- Excess loss of each link with the other links' scores held constant, per bootstrap replicate; replicate 0 is the
    estimate (methods.md section 5, the joint model).

    Per link, a linear regression of the outcome of its responses on the score (detractor, passive, promoter) and on the
    latest scores of the other links at or before it, within strata. Most customers scored one link only: variances and
    the link's own covariance with the outcome come from all its responses, what involves another link from the pairs.
    Covariances between links are shrunk towards 0 by the share of responses that are no such pair, which is worth
    var joint_prior_pairs pairs (docs/study.md shows that this errs least). With all links scored by all it is least
    squares. What two links lose beyond their sum is int_pair_loss. -#}
{%- set places = range(1, surveyed_links() | length + 1) -%}
{#- variables 1 and 2 are the link's own detractors and passives; the links of the chain follow -#}
{%- set own = 2 -%}
{%- set prior = var('joint_prior_pairs') -%}
with

strata as (

    select * from {{ ref('int_link_stratum_replicate') }}

),

moments as (

    select * from {{ ref('int_joint_moment') }}

),

controls as (

    select * from {{ ref('int_joint_control') }}

),

links as (

    select * from {{ ref('int_link_replicate') }}

),

counted as (

    select
        chain_link_key,
        tenure_band_key,
        segment,
        replicate,
        1 as is_standardised,
        promoters + passives + detractors as responses,
        passives,
        detractors,
        retained_promoters_e9 + retained_passives_e9 + retained_detractors_e9 as retained_e9,
        retained_passives_e9,
        retained_detractors_e9
    from strata

),

both_ways as (

    select * from counted

    union all

    select
        chain_link_key,
        0 as tenure_band_key,
        'all' as segment,
        replicate,
        0 as is_standardised,
        sum(responses) as responses,
        sum(passives) as passives,
        sum(detractors) as detractors,
        sum(retained_e9) as retained_e9,
        sum(retained_passives_e9) as retained_passives_e9,
        sum(retained_detractors_e9) as retained_detractors_e9
    from counted
    group by chain_link_key, replicate

),

{%- set products = {
    'detractor_detractor': ('detractors', 'detractors', 'detractors', 1),
    'detractor_passive': ('0', 'detractors', 'passives', 1),
    'passive_passive': ('passives', 'passives', 'passives', 1),
    'detractor_retained': ('retained_detractors_e9', 'detractors', 'retained_e9', 1e9),
    'passive_retained': ('retained_passives_e9', 'passives', 'retained_e9', 1e9),
} %}

own_moments as (

    select
        chain_link_key,
        is_standardised,
        replicate,
        cast(sum(responses) as double) as responses,
        {%- for name, (sum_ab, sum_a, sum_b, unit) in products.items() %}
            {{ stable_sum(centred_product(sum_ab, sum_a, sum_b, 'responses') ~ ' / ' ~ unit, 12) }} as {{ name }}
            {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from both_ways
    where responses > 0
    group by chain_link_key, is_standardised, replicate

),

-- the covariance of two links' scores, from the pairs of either order; a promoter's standing is 1 less one for a
-- passive and less two for a detractor
between_links as (

    select
        least(moments.chain_link_key, moments.control_link_key) as link_key_a,
        greatest(moments.chain_link_key, moments.control_link_key) as link_key_b,
        moments.is_standardised,
        moments.replicate,
        sum(moments.pairs) as pairs,
        sum(own_moments.responses) as responses,
        {{ stable_sum('- moments.passive_standing - 2 * moments.detractor_standing', 12) }} as standing_standing
    from moments
    inner join own_moments
        on
            moments.chain_link_key = own_moments.chain_link_key
            and moments.is_standardised = own_moments.is_standardised
            and moments.replicate = own_moments.replicate
    group by
        least(moments.chain_link_key, moments.control_link_key),
        greatest(moments.chain_link_key, moments.control_link_key),
        moments.is_standardised,
        moments.replicate

),

control_covariances as (

    select
        own_moments.chain_link_key,
        own_moments.is_standardised,
        own_moments.replicate,
        controls.control_place as place_a,
        controls.control_place as place_b,
        moments.standing_squares / moments.pairs as standing_standing,
        {{ seen_weight('moments.pairs', 'own_moments.responses', prior) }}
        * moments.detractor_standing / moments.pairs as detractor_standing,
        {{ seen_weight('moments.pairs', 'own_moments.responses', prior) }}
        * moments.passive_standing / moments.pairs as passive_standing,
        moments.standing_retained / moments.pairs as standing_retained
    from own_moments
    inner join controls on own_moments.chain_link_key = controls.chain_link_key and controls.is_controlled
    inner join moments
        on
            controls.chain_link_key = moments.chain_link_key
            and controls.control_link_key = moments.control_link_key
            and own_moments.is_standardised = moments.is_standardised
            and own_moments.replicate = moments.replicate
    where moments.pairs > 0

    union all

    select
        a.chain_link_key,
        between_links.is_standardised,
        between_links.replicate,
        a.control_place as place_a,
        b.control_place as place_b,
        {{ seen_weight('between_links.pairs', 'between_links.responses', prior) }}
        * between_links.standing_standing / between_links.pairs as standing_standing,
        cast(null as double) as detractor_standing,
        cast(null as double) as passive_standing,
        cast(null as double) as standing_retained
    from controls as a
    inner join controls as b
        on a.chain_link_key = b.chain_link_key and a.control_place < b.control_place
    inner join between_links
        on a.control_link_key = between_links.link_key_a and b.control_link_key = between_links.link_key_b
    where a.is_controlled and b.is_controlled and between_links.pairs > 0

),

-- A variable that the link doesn't have, or that never varies, gets a row of its own and a coefficient of 0.
systems as (

    select
        own_moments.chain_link_key,
        own_moments.is_standardised,
        own_moments.replicate,
        {%- for name, position in [('detractor_detractor', '1_1'), ('passive_passive', '2_2')] %}
            coalesce(nullif(max(own_moments.{{ name }} / own_moments.responses), 0), 1) as a_{{ position }},
        {%- endfor %}
        max(own_moments.detractor_passive / own_moments.responses) as a_1_2,
        max(own_moments.detractor_retained / own_moments.responses) as b_1,
        max(own_moments.passive_retained / own_moments.responses) as b_2,
        {%- for b in places %}
            {%- set here = 'control_covariances.place_a = ' ~ b ~ ' and control_covariances.place_b = ' ~ b %}
            coalesce(
                nullif(max(case when {{ here }} then control_covariances.standing_standing end), 0), 1
            ) as a_{{ own + b }}_{{ own + b }},
            {%- for row, name in [(1, 'detractor_standing'), (2, 'passive_standing')] %}
                coalesce(max(case when {{ here }} then control_covariances.{{ name }} end), 0)
                    as a_{{ row }}_{{ own + b }},
            {%- endfor %}
            {%- for a in range(1, b) %}
                coalesce(
                    max(
                        case
                            when control_covariances.place_a = {{ a }} and control_covariances.place_b = {{ b }}
                                then control_covariances.standing_standing
                        end
                    ),
                    0
                ) as a_{{ own + a }}_{{ own + b }},
            {%- endfor %}
            coalesce(max(case when {{ here }} then control_covariances.standing_retained end), 0) as b_{{ own + b }}
            {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from own_moments
    left join control_covariances
        on
            own_moments.chain_link_key = control_covariances.chain_link_key
            and own_moments.is_standardised = control_covariances.is_standardised
            and own_moments.replicate = control_covariances.replicate
    group by own_moments.chain_link_key, own_moments.is_standardised, own_moments.replicate

),

coefficients as (

    {{ solve_symmetric(
        'systems', ['chain_link_key', 'is_standardised', 'replicate'], own + places | length
    ) }}

)

select
    links.chain_link_key,
    links.replicate,
    standardised.x_1 as detractor_coefficient,
    standardised.x_2 as passive_coefficient,
    -1 * (standardised.x_1 * links.detractor_share + standardised.x_2 * links.passive_share) as excess_loss,
    -1 * (crude.x_1 * links.detractor_share_crude + crude.x_2 * links.passive_share_crude) as excess_loss_crude
from links
left join coefficients as standardised
    on
        links.chain_link_key = standardised.chain_link_key
        and links.replicate = standardised.replicate
        and standardised.is_standardised = 1
left join coefficients as crude
    on
        links.chain_link_key = crude.chain_link_key
        and links.replicate = crude.replicate
        and crude.is_standardised = 0
