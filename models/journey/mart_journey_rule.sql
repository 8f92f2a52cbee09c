{%- set minimum = var('min_responses_verdict') -%}
{%- set significance = var('false_discovery_rate') -%}
with

journeys as (

    select * from {{ ref('int_customer_journey') }}

),

chains as (

    select * from {{ ref('dim_chain') }}

),

rules as (

    select 'mean' as journey_rule
    union all
    select 'minimum' as journey_rule
    union all
    select 'last' as journey_rule
    union all
    select 'peak_end' as journey_rule

),

counted as (

    select
        chain_key,
        count(*) as journeys,
        sum(case when is_retained then 1 else 0 end) as retained
    from journeys
    group by chain_key

),

scores as (

    select
        journeys.chain_key,
        journeys.customer_key,
        rules.journey_rule,
        case rules.journey_rule
            when 'mean' then journeys.mean_score
            when 'minimum' then journeys.minimum_score
            when 'last' then journeys.last_score
            when 'peak_end' then journeys.peak_end_score
        end as score,
        journeys.is_retained
    from journeys
    cross join rules

),

covariances as (

    {{ auc_covariance('scores', ['chain_key'], 'journey_rule', 'customer_key', 'score', 'is_retained') }}

),

areas as (

    select
        chain_key,
        predictor_a as journey_rule,
        auc_a as auc,
        sqrt(auc_covariance) as auc_se
    from covariances
    where predictor_a = predictor_b

),

differences as (

    select
        covariances.chain_key,
        covariances.predictor_a as journey_rule,
        covariances.predictor_b as compared_rule,
        covariances.auc_a - covariances.auc_b as auc_difference,
        -- rules that order everybody alike differ by nothing, give or take the last digit
        sqrt(greatest(
            variances_a.auc_covariance + variances_b.auc_covariance - 2 * covariances.auc_covariance, 0
        )) as difference_se
    from covariances
    inner join covariances as variances_a
        on
            covariances.chain_key = variances_a.chain_key
            and covariances.predictor_a = variances_a.predictor_a
            and covariances.predictor_a = variances_a.predictor_b
    inner join covariances as variances_b
        on
            covariances.chain_key = variances_b.chain_key
            and covariances.predictor_b = variances_b.predictor_a
            and covariances.predictor_b = variances_b.predictor_b
    where covariances.predictor_a != covariances.predictor_b

),

evidence as (

    select
        chains.chain_key,
        chains.chain_code,
        chains.retention_window_days,
        coalesce(counted.journeys, 0) as journeys,
        coalesce(counted.retained, 0) as retained,
        case
            when coalesce(counted.retained, 0) < {{ minimum }}
                then 'fewer than {{ minimum }} journeys after which the customer came back'
            when counted.journeys - counted.retained < {{ minimum }}
                then 'fewer than {{ minimum }} journeys after which the customer stayed away'
        end as missing_evidence
    from chains
    left join counted on chains.chain_key = counted.chain_key

),

compared as (

    select
        evidence.chain_key,
        evidence.chain_code,
        evidence.retention_window_days,
        evidence.missing_evidence,
        rules.journey_rule,
        compared_rules.journey_rule as compared_rule,
        concat_ws(
            ' ',
            least(rules.journey_rule, compared_rules.journey_rule),
            greatest(rules.journey_rule, compared_rules.journey_rule)
        ) as pair_code,
        case when evidence.journeys >= {{ var('min_responses_shown') }} then evidence.journeys end as journeys,
        case when evidence.journeys >= {{ var('min_responses_shown') }} then evidence.retained end as retained,
        areas.auc,
        areas.auc_se,
        differences.auc_difference,
        differences.difference_se,
        case
            when differences.difference_se > 0
                then {{ two_sided_p('(differences.auc_difference / differences.difference_se)') }}
            when differences.auc_difference = 0 then 1
        end as p
    from evidence
    cross join rules
    inner join rules as compared_rules on rules.journey_rule != compared_rules.journey_rule
    left join areas
        on
            evidence.chain_key = areas.chain_key
            and rules.journey_rule = areas.journey_rule
            and evidence.missing_evidence is null
    left join differences
        on
            evidence.chain_key = differences.chain_key
            and rules.journey_rule = differences.journey_rule
            and compared_rules.journey_rule = differences.compared_rule
            and evidence.missing_evidence is null

),

-- a comparison and its mirror image are one test
tests as (

    select
        chain_key,
        pair_code,
        p
    from compared
    where journey_rule < compared_rule

),

q_values as (

    {{ benjamini_hochberg('tests', ['chain_key'], 'pair_code', 'p') }}

),

judged as (

    select
        compared.*,
        q_values.q_value as q,
        min(case when compared.auc_difference > 0 and q_values.q_value < {{ significance }} then 1 else 0 end) over (
            partition by compared.chain_key, compared.journey_rule
        ) = 1 as is_best_rule
    from compared
    left join q_values on compared.chain_key = q_values.chain_key and compared.pair_code = q_values.pair_code

)

select
    chain_key,
    chain_code,
    journey_rule,
    compared_rule,
    retention_window_days,
    cast(journeys as bigint) as journeys,
    cast(retained as bigint) as retained,
    auc,
    auc_se,
    {{ bounded('auc - ' ~ double_var('z_95') ~ ' * auc_se', low=0) }} as auc_ci_low,
    {{ bounded('auc + ' ~ double_var('z_95') ~ ' * auc_se', high=1) }} as auc_ci_high,
    auc_difference,
    auc_difference - {{ double_var('z_95') }} * difference_se as auc_difference_ci_low,
    auc_difference + {{ double_var('z_95') }} * difference_se as auc_difference_ci_high,
    p,
    q,
    is_best_rule,
    case
        when missing_evidence is not null then 'cannot_tell'
        when is_best_rule then 'best'
        when max(case when is_best_rule then 1 else 0 end) over (partition by chain_key) = 1 then 'not_best'
        else 'cannot_tell'
    end as verdict,
    case
        when missing_evidence is not null then missing_evidence
        when max(case when is_best_rule then 1 else 0 end) over (partition by chain_key) = 0
            then 'no rule beats every other at a false discovery rate of {{ significance }}'
        when is_best_rule then 'its area is larger than that of every other rule, q below {{ significance }}'
        else 'another rule beats every other'
    end as verdict_reason
from judged
