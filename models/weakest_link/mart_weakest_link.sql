{%- set lens_figures = [
    'nps', 'nps_ci_low', 'nps_ci_high', 'benchmark_nps', 'gap_to_benchmark', 'gap_to_benchmark_ci_low',
    'gap_to_benchmark_ci_high', 'importance_share', 'importance_share_ci_low', 'importance_share_ci_high',
    'importance_missing_reason',
] -%}
{#- name, text and language of each column in words -#}
{%- set texts = [] -%}
{%- for language, ending in languages().items() -%}
    {%- for text in [
        'reasons.one_by_one_reason', 'reasons.verdict_reason', 'sentences.sentence', 'chain_sentences.chain_sentence',
    ] -%}
        {%- do texts.append((text.split('.')[1] ~ ending, text, language)) -%}
    {%- endfor -%}
{%- endfor -%}
with

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

chains as (

    select * from {{ ref('dim_chain') }}

),

period as (

    select * from {{ ref('int_period') }}

),

retention as (

    select * from {{ ref('mart_retention_by_nps_category') }}
    where retention_measure = 'chain' and is_retention_window

),

links_alone as (

    select * from {{ ref('int_link_replicate') }}
    where replicate = 0

),

losses as (

    select * from {{ ref('int_loss_replicate') }}
    where replicate = 0

),

doubts as (

    select * from {{ ref('int_link_doubt') }}

),

joint_evidence as (

    select * from {{ ref('int_joint_evidence') }}

),

lenses as (

    select * from {{ ref('int_link_lens') }}

),

verdicts as (

    select * from {{ ref('int_link_verdict') }}

),

sentences as (

    select * from {{ ref('int_link_sentence') }}

),

chain_sentences as (

    select * from {{ ref('int_chain_sentence') }}

),

reasons as (

    select * from {{ ref('int_verdict_reason') }}

),

worded as (

    select
        sentences.chain_link_key,
        {%- for name, text, language in texts %}
            max(case when sentences.language = '{{ language }}' then {{ text }} end) as {{ name }}
            {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from sentences
    inner join reasons on sentences.chain_link_key = reasons.chain_link_key and sentences.language = reasons.language
    inner join chain_sentences
        on sentences.chain_key = chain_sentences.chain_key and sentences.language = chain_sentences.language
    group by sentences.chain_link_key

),

stricter_linkings as (

    select * from {{ ref('int_stricter_linking') }}

),

category_retention as (

    select
        chain_link_key,
        max(retention) filter (where nps_category = 'promoter') as promoter_retention,
        max(retention) filter (where nps_category = 'detractor') as detractor_retention
    from retention
    group by chain_link_key

)

select
    chain_links.chain_link_key,
    chain_links.chain_code,
    chain_links.link_code,
    chain_links.chain_name,
    chain_links.link_name,
    cast(chain_links.link_position as integer) as link_position,
    period.trailing_from as period_from,
    period.trailing_to as period_to,
    period.as_of_on,
    cast(chains.retention_window_days as integer) as retention_window_days,
    lenses.responses,
    {%- for figure in lens_figures %}
        lenses.{{ figure }},
    {%- endfor %}
    category_retention.promoter_retention,
    category_retention.detractor_retention,
    cast(coalesce(links_alone.exposed, 0) as bigint) as exposed_customers,
    joint_evidence.loss_model,
    joint_evidence.one_by_one_reason_code,
    worded.one_by_one_reason,
    worded.one_by_one_reason_nl,
    joint_evidence.is_upper_bound,
    joint_evidence.held_constant,
    joint_evidence.left_out,
    {%- for figure in link_loss_figures() %}
        losses.{{ figure }},
        verdicts.{{ figure }}_ci_low,
        verdicts.{{ figure }}_ci_high,
    {%- endfor %}
    doubts.robustness_value,
    doubts.robustness_in_known_causes,
    doubts.silent_points_to_turn,
    doubts.answers_needed,
    case when verdicts.is_sufficient then links_alone.margin_per_retained_eur end as margin_per_retained_eur,
    case when verdicts.is_sufficient then links_alone.excess_loss end as excess_loss_one_by_one,
    case when verdicts.is_sufficient then links_alone.value_at_stake_eur end as value_at_stake_one_by_one_eur,
    {%- for lens in ['nps', 'importance', 'attributable_loss', 'value_at_stake'] %}
        lenses.weakest_by_{{ lens }},
    {%- endfor %}
    lenses.is_disputed,
    {%- for linking in stricter_linkings() %}
        stricter_linkings.same_link_{{ linking['name'] }},
        stricter_linkings.same_link_{{ linking['name'] }}_reason,
        stricter_linkings.weakest_{{ linking['name'] }},
        stricter_linkings.customers_{{ linking['name'] }}_share,
    {%- endfor %}
    verdicts.p_weakest,
    verdicts.verdict,
    verdicts.is_certain,
    verdicts.verdict_reason_code,
    worded.verdict_reason,
    worded.verdict_reason_nl,
    worded.sentence,
    worded.sentence_nl,
    worded.chain_sentence,
    worded.chain_sentence_nl
from chain_links
cross join period
inner join chains on chain_links.chain_key = chains.chain_key
inner join verdicts on chain_links.chain_link_key = verdicts.chain_link_key
inner join joint_evidence on chain_links.chain_link_key = joint_evidence.chain_link_key
inner join lenses on chain_links.chain_link_key = lenses.chain_link_key
inner join worded on chain_links.chain_link_key = worded.chain_link_key
left join stricter_linkings on chain_links.chain_key = stricter_linkings.chain_key
left join category_retention on chain_links.chain_link_key = category_retention.chain_link_key
left join links_alone on chain_links.chain_link_key = links_alone.chain_link_key
left join losses on chain_links.chain_link_key = losses.chain_link_key
left join doubts on chain_links.chain_link_key = doubts.chain_link_key
