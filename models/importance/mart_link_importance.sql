{%- set figures = ['lmg_share', 'r_squared', 'coefficient', 'uplift'] -%}
{%- set max_failed_share = var('importance_max_failed_share') -%}
with

evidence as (

    select * from {{ ref('int_importance_evidence') }}

),

journeys as (

    select * from {{ ref('int_importance_journey') }}

),

replicates as (

    select * from {{ ref('int_importance_replicate') }}

),

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

chains as (

    select * from {{ ref('dim_chain') }}

),

scored as (

    select
        {{ chain_link_key('chain_key', 'link_key') }} as chain_link_key,
        ownership_age_band_key,
        count(*) as responses,
        sum(score) as score_sum,
        {%- for category in ['promoter', 'passive', 'detractor'] %}
            sum(case when {{ nps_category('score') }} = '{{ category }}' then 1 else 0 end) as {{ category }}s
            {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from journeys
    group by chain_key, link_key, ownership_age_band_key

),

scored_in_all as (

    select
        chain_link_key,
        0 as ownership_age_band_key,
        sum(responses) as responses,
        sum(score_sum) as score_sum
    from scored
    group by chain_link_key

),

-- the bands add up to all of them
suppression as (

    {{ suppressed('scored', ['chain_link_key', 'ownership_age_band_key'], ['chain_link_key']) }}

),

means as (

    select
        scored.chain_link_key,
        scored.ownership_age_band_key,
        scored.score_sum / cast(scored.responses as double) as mean_score,
        suppression.suppression_reason
    from scored
    inner join suppression
        on
            scored.chain_link_key = suppression.chain_link_key
            and scored.ownership_age_band_key = suppression.ownership_age_band_key

    union all

    select
        chain_link_key,
        ownership_age_band_key,
        score_sum / cast(responses as double) as mean_score,
        case
            when responses < {{ var('min_responses_shown') }}
                then 'fewer than {{ var("min_responses_shown") }} responses'
        end as suppression_reason
    from scored_in_all

),

estimates as (

    select * from replicates
    where replicate = 0

),

intervals as (

    select
        chain_link_key,
        ownership_age_band_key,
        {%- for figure in figures %}
            percentile_cont(0.025) within group (order by {{ figure }}) as {{ figure }}_ci_low,
            percentile_cont(0.975) within group (order by {{ figure }}) as {{ figure }}_ci_high,
        {%- endfor %}
        count(r_squared) as solved_replicates
    from replicates
    where replicate > 0
    group by chain_link_key, ownership_age_band_key

),

judged as (

    select
        evidence.chain_link_key,
        evidence.ownership_age_band_key,
        evidence.ownership_age_band_code,
        evidence.journeys,
        evidence.journeys_scored,
        means.mean_score,
        means.suppression_reason,
        case
            when evidence.missing_evidence is not null then evidence.missing_evidence
            when estimates.r_squared is null
                then 'no regression fits the pairwise correlations: the matrix is not positive definite'
            when intervals.solved_replicates < {{ (1 - max_failed_share) * var('bootstrap_replicates') }}
                then 'too few journeys to be sure: no regression fits many of the bootstrap replicates'
        end as missing_reason,
        estimates.lmg,
        {%- for figure in figures %}
            estimates.{{ figure }},
            intervals.{{ figure }}_ci_low,
            intervals.{{ figure }}_ci_high{% if not loop.last %},{% endif %}
        {%- endfor %}
    from evidence
    left join means
        on
            evidence.chain_link_key = means.chain_link_key
            and evidence.ownership_age_band_key = means.ownership_age_band_key
    left join estimates
        on
            evidence.chain_link_key = estimates.chain_link_key
            and evidence.ownership_age_band_key = estimates.ownership_age_band_key
    left join intervals
        on
            evidence.chain_link_key = intervals.chain_link_key
            and evidence.ownership_age_band_key = intervals.ownership_age_band_key

)

select
    judged.chain_link_key,
    judged.ownership_age_band_code,
    chain_links.chain_code,
    chain_links.link_code,
    chain_links.chain_name,
    chain_links.link_name,
    cast(chain_links.link_position as integer) as link_position,
    cast(chains.retention_window_days as integer) as retention_window_days,
    -- what one band hides, the total less the other bands would tell
    case
        when
            judged.journeys >= {{ var('min_responses_shown') }}
            and (
                judged.ownership_age_band_key = 0
                or min(case when judged.ownership_age_band_key > 0 then nullif(judged.journeys, 0) end) over (
                    partition by judged.chain_link_key
                ) >= {{ var('min_responses_shown') }}
            )
            then judged.journeys
    end as journeys,
    case when judged.suppression_reason is null then judged.journeys_scored end as journeys_scored,
    case when judged.suppression_reason is null then judged.mean_score end as mean_score,
    case when judged.missing_reason is null then judged.lmg end as lmg,
    {%- for figure in figures if figure != 'uplift' %}
        {%- for ending in ['', '_ci_low', '_ci_high'] %}
            case when judged.missing_reason is null then judged.{{ figure ~ ending }} end as {{ figure ~ ending }},
        {%- endfor %}
    {%- endfor %}
    cast({{ var('importance_target_score') }} as double) as target_score,
    -- the uplift gives away the mean
    {%- for ending in ['', '_ci_low', '_ci_high'] %}
        case
            when judged.missing_reason is null and judged.suppression_reason is null then judged.uplift{{ ending }}
        end as uplift{{ ending }},
    {%- endfor %}
    judged.missing_reason,
    judged.suppression_reason
from judged
inner join chain_links on judged.chain_link_key = chain_links.chain_link_key
inner join chains on chain_links.chain_key = chains.chain_key
