{#- LMG per bootstrap replicate (methods.md section 5, point 2); replicate 0 is the estimate.

    Most customers scored two of the three or four links. Dropping those who did not score all would leave a handful;
    filling in scores would invent the correlations that LMG shares out. So every correlation is taken over the journeys
    that hold both variables (pairwise complete), and every standard deviation over those that hold the one. That needs
    which links were scored to be unrelated to the scores and the outcome (missing completely at random). It may also
    give correlations that no complete data could have, so the macro checks that the matrix is positive definite and R^2
    at most 1, and gives nothing otherwise. Correlations, not covariances, are pairwise: those are never above 1. -#}
{%- set sums = ['journeys', 'sum_a', 'sum_b', 'sum_aa', 'sum_bb', 'sum_ab'] -%}
with

moments as (

    select * from {{ ref('int_importance_moment') }}

),

evidence as (

    select * from {{ ref('int_importance_evidence') }}
    where is_sufficient

),

weights as (

    select * from {{ ref('int_bootstrap_weight') }}

),

variables as (

    select
        chain_key,
        ownership_age_band_key,
        link_key as variable_key
    from evidence
    union all
    select distinct
        chain_key,
        ownership_age_band_key,
        0 as variable_key
    from evidence

),

resampled as (

    select
        moments.chain_key,
        moments.ownership_age_band_key,
        weights.replicate,
        moments.variable_a,
        moments.variable_b,
        {%- for column in sums %}
            sum(weights.weight * moments.{{ column }}) as {{ column }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from moments
    inner join weights on moments.bucket = weights.bucket
    group by
        moments.chain_key,
        moments.ownership_age_band_key,
        weights.replicate,
        moments.variable_a,
        moments.variable_b

),

-- band 0 is all of them
pairs as (

    select
        a.chain_key,
        a.ownership_age_band_key,
        resampled.replicate,
        a.variable_key as variable_a,
        b.variable_key as variable_b,
        {%- for column in sums %}
            cast(sum(resampled.{{ column }}) as decimal(38, 0)) as {{ column }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from resampled
    inner join variables as a
        on
            resampled.chain_key = a.chain_key
            and a.ownership_age_band_key in (0, resampled.ownership_age_band_key)
            and resampled.variable_a = a.variable_key
    inner join variables as b
        on
            a.chain_key = b.chain_key
            and a.ownership_age_band_key = b.ownership_age_band_key
            and resampled.variable_b = b.variable_key
    group by a.chain_key, a.ownership_age_band_key, resampled.replicate, a.variable_key, b.variable_key

),

-- whole numbers: a variable that never varies has a variance of 0, exactly
spreads as (

    select
        *,
        cast(journeys * sum_aa - sum_a * sum_a as double) as spread_a,
        cast(journeys * sum_bb - sum_b * sum_b as double) as spread_b,
        cast(journeys * sum_ab - sum_a * sum_b as double) as joint_spread
    from pairs

),

deviations as (

    select
        chain_key,
        ownership_age_band_key,
        replicate,
        variable_a as variable_key,
        cast(sum_a as double) / journeys as mean_amount,
        sqrt(spread_a) / journeys as deviation
    from spreads
    where variable_a = variable_b

),

covariances as (

    select
        spreads.chain_key,
        spreads.ownership_age_band_key,
        spreads.replicate,
        spreads.variable_a,
        spreads.variable_b,
        case
            when spreads.variable_a = spreads.variable_b then a.deviation * a.deviation
            when spreads.spread_a > 0 and spreads.spread_b > 0
                then
                    a.deviation * b.deviation * spreads.joint_spread
                    / (sqrt(spreads.spread_a) * sqrt(spreads.spread_b))
        end as covariance
    from spreads
    inner join deviations as a
        on
            spreads.chain_key = a.chain_key
            and spreads.ownership_age_band_key = a.ownership_age_band_key
            and spreads.replicate = a.replicate
            and spreads.variable_a = a.variable_key
    inner join deviations as b
        on
            spreads.chain_key = b.chain_key
            and spreads.ownership_age_band_key = b.ownership_age_band_key
            and spreads.replicate = b.replicate
            and spreads.variable_b = b.variable_key

),

importance as (

    {{ lmg(
        'covariances',
        ['chain_key', 'ownership_age_band_key', 'replicate'],
        max_predictors=[var('importance_max_links'), surveyed_links() | length] | min,
    ) }}

)

select
    {{ chain_link_key('importance.chain_key', 'importance.predictor') }} as chain_link_key,
    importance.ownership_age_band_key,
    importance.replicate,
    deviations.mean_amount as mean_score,
    importance.lmg,
    importance.lmg_share,
    -- from millionths
    importance.coefficient / 1e6 as coefficient,
    importance.coefficient / 1e6 * ({{ var('importance_target_score') }} - deviations.mean_amount) as uplift,
    importance.r_squared
from importance
inner join deviations
    on
        importance.chain_key = deviations.chain_key
        and importance.ownership_age_band_key = deviations.ownership_age_band_key
        and importance.replicate = deviations.replicate
        and importance.predictor = deviations.variable_key
