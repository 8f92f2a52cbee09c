{#- What each item of a survey explains of the answers together with the survey's other items (LMG), and how it
    goes with them alone.

    Correlations are pairwise complete, as in int_importance_replicate: some items are asked of some people only. The macro
    gives nothing where no complete data could have them. -#}
{%- set sums = ['answers', 'sum_a', 'sum_b', 'sum_aa', 'sum_bb', 'sum_ab'] -%}
{%- set figures = ['explained_share', 'rating_correlation'] -%}
{%- set max_failed_share = var('importance_max_failed_share') -%}
{%- set min_answers = var('min_responses_verdict') -%}
{%- set min_pairs = var('min_responses_shown') -%}
{%- set max_items = var('driver_max_items') -%}
with

moments as (

    select * from {{ ref('int_driver_item_moment') }}

),

weights as (

    select * from {{ ref('int_bootstrap_weight') }}
    -- all customers
    where replicate >= 0

),

counted as (

    select
        chain_link_key,
        survey_key,
        variable_a,
        variable_b,
        {%- for column in sums %}
            cast(sum({{ column }}) as bigint) as {{ column }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from moments
    group by chain_link_key, survey_key, variable_a, variable_b

),

items as (

    select
        chain_link_key,
        survey_key,
        variable_a as item_code,
        answers,
        sum_a,
        sum_aa
    from counted
    where variable_a = variable_b and variable_a != ''

),

sufficient as (

    select
        chain_link_key,
        survey_key,
        item_code as variable_code
    from items
    where answers >= {{ min_answers }}

    union all

    select distinct
        chain_link_key,
        survey_key,
        '' as variable_code
    from items
    where answers >= {{ min_answers }}

),

-- a survey's items are compared with each other through the answers that rate both
surveys as (

    select
        a.chain_link_key,
        a.survey_key,
        count(distinct case when a.variable_code != '' then a.variable_code end) as items_compared,
        min(case when a.variable_code < b.variable_code then coalesce(counted.answers, 0) end) as rarest_pair
    from sufficient as a
    inner join sufficient as b on a.chain_link_key = b.chain_link_key and a.survey_key = b.survey_key
    left join counted
        on
            a.chain_link_key = counted.chain_link_key
            and a.survey_key = counted.survey_key
            and a.variable_code = counted.variable_a
            and b.variable_code = counted.variable_b
    group by a.chain_link_key, a.survey_key

),

resampled as (

    select
        moments.chain_link_key,
        moments.survey_key,
        weights.replicate,
        moments.variable_a,
        moments.variable_b,
        {%- for column in sums %}
            cast(sum(weights.weight * moments.{{ column }}) as decimal(38, 0)) as {{ column }}
            {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from moments
    inner join sufficient as a
        on
            moments.chain_link_key = a.chain_link_key
            and moments.survey_key = a.survey_key
            and moments.variable_a = a.variable_code
    inner join sufficient as b
        on
            moments.chain_link_key = b.chain_link_key
            and moments.survey_key = b.survey_key
            and moments.variable_b = b.variable_code
    inner join weights on moments.bucket = weights.bucket
    group by
        moments.chain_link_key,
        moments.survey_key,
        weights.replicate,
        moments.variable_a,
        moments.variable_b

),

-- whole numbers: what never varies has a spread of 0, exactly
spreads as (

    select
        *,
        cast(answers * sum_aa - sum_a * sum_a as double) as spread_a,
        cast(answers * sum_bb - sum_b * sum_b as double) as spread_b,
        cast(answers * sum_ab - sum_a * sum_b as double) as joint_spread
    from resampled

),

correlations as (

    select
        chain_link_key,
        survey_key,
        replicate,
        variable_a,
        variable_b,
        case
            when variable_a = variable_b then case when spread_a > 0 then 1e0 else 0e0 end
            when spread_a > 0 and spread_b > 0 then joint_spread / (sqrt(spread_a) * sqrt(spread_b))
        end as pair_correlation
    from spreads

),

joint as (

    {{ lmg_by_rows('correlations', ['chain_link_key', 'survey_key', 'replicate'], max_predictors=max_items) }}

),

replicates as (

    select
        correlations.chain_link_key,
        correlations.survey_key,
        correlations.replicate,
        correlations.variable_b as item_code,
        joint.lmg as explained_share,
        correlations.pair_correlation as rating_correlation,
        joint.r_squared
    from correlations
    left join joint
        on
            correlations.chain_link_key = joint.chain_link_key
            and correlations.survey_key = joint.survey_key
            and correlations.replicate = joint.replicate
            and correlations.variable_b = joint.predictor
    where correlations.variable_a = '' and correlations.variable_b != ''

),

estimates as (

    select
        chain_link_key,
        survey_key,
        item_code,
        {%- for figure in figures %}
            max(case when replicate = 0 then {{ figure }} end) as {{ figure }},
            percentile_cont(0.025) within group (order by case when replicate > 0 then {{ figure }} end)
                as {{ figure }}_ci_low,
            percentile_cont(0.975) within group (order by case when replicate > 0 then {{ figure }} end)
                as {{ figure }}_ci_high,
        {%- endfor %}
        max(case when replicate = 0 then r_squared end) as r_squared,
        sum(case when replicate > 0 and r_squared is not null then 1 else 0 end) as solved_replicates
    from replicates
    group by chain_link_key, survey_key, item_code

),

means as (

    select
        *,
        cast(sum_a as double) / answers as mean_steps,
        cast(cast(answers as decimal(38, 0)) * sum_aa - cast(sum_a as decimal(38, 0)) * sum_a as double) as spread
    from items

),

judged as (

    select
        means.chain_link_key,
        means.survey_key,
        means.item_code,
        means.answers as responses,
        100 * means.mean_steps / {{ rating_steps() }} as mean_rating,
        -- ratings that are all alike don't say how much they vary
        case
            when means.spread > 0
                then 100 * sqrt(means.spread / (means.answers - 1)) / means.answers / {{ rating_steps() }}
        end as mean_rating_se,
        case
            when means.answers < {{ min_answers }}
                then 'fewer than {{ min_answers }} answers rate the item'
            when surveys.items_compared > {{ max_items }}
                then 'more than {{ max_items }} items of the survey to compare'
            when surveys.rarest_pair < {{ min_pairs }}
                then 'two items of the survey are rated together in fewer than {{ min_pairs }} answers'
            when estimates.r_squared is null
                then 'no regression fits the pairwise correlations: items that always or never vary together'
            when estimates.solved_replicates < {{ (1 - max_failed_share) * var('bootstrap_replicates') }}
                then 'too few answers to be sure: no regression fits many of the bootstrap replicates'
        end as missing_reason,
        {%- for figure in figures %}
            estimates.{{ figure }},
            estimates.{{ figure }}_ci_low,
            estimates.{{ figure }}_ci_high,
        {%- endfor %}
        estimates.r_squared
    from means
    left join surveys
        on means.chain_link_key = surveys.chain_link_key and means.survey_key = surveys.survey_key
    left join estimates
        on
            means.chain_link_key = estimates.chain_link_key
            and means.survey_key = estimates.survey_key
            and means.item_code = estimates.item_code

)

select
    chain_link_key,
    survey_key,
    item_code,
    responses,
    mean_rating,
    {{ bounded('mean_rating - ' ~ double_var('z_95') ~ ' * mean_rating_se', low=0) }} as mean_rating_ci_low,
    {{ bounded('mean_rating + ' ~ double_var('z_95') ~ ' * mean_rating_se', high=100) }} as mean_rating_ci_high,
    {%- for ending in ['', '_ci_low', '_ci_high'] %}
        case when missing_reason is null then explained_share{{ ending }} end as explained_share{{ ending }},
    {%- endfor %}
    rating_correlation,
    rating_correlation_ci_low,
    rating_correlation_ci_high,
    case when missing_reason is null then r_squared end as r_squared,
    missing_reason
from judged
