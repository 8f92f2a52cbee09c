{#- Why each verdict is what it is, in words. -#}
{%- set shown = [var('min_responses_shown'), var('min_responses_verdict_part')] | max -%}
{%- set numbers = {
    'percent': 'share_in_words',
    'min_scores': "'" ~ var('min_responses_verdict') ~ "'",
    'shown': "'" ~ shown ~ "'",
    'quarters': "'" ~ var('trailing_quarters') ~ "'",
    'threshold': "'" ~ (var('p_weakest_threshold') * 100) | int ~ "'",
} -%}
{#- a text joined by || is null where a part of it is, on every engine -#}
with

verdicts as (

    select * from {{ ref('int_link_verdict') }}

),

joint_evidence as (

    select * from {{ ref('int_joint_evidence') }}

),

words as (

    {{ words_by_language(words_of_figures() + ['upper_bound_because']) }}

),

phrases as (

    {{ phrases_by_language() }}

),

-- a share is not always known, and most phrases don't name it
reasons as (

    select
        verdicts.chain_link_key,
        words.language,
        verdicts.verdict,
        coalesce({{ percent_in_words('verdicts.verdict_reason_share') }}, '') as share_in_words,
        phrases.phrase,
        alone.phrase as one_by_one_reason,
        {{ filled('words.upper_bound_because', {'reason': 'limits.phrase'}) }} as upper_bound
    from verdicts
    inner join joint_evidence on verdicts.chain_link_key = joint_evidence.chain_link_key
    cross join words
    left join phrases on verdicts.verdict_reason_code = phrases.phrase_code and words.language = phrases.language
    left join phrases as limits
        on joint_evidence.upper_bound_code = limits.phrase_code and words.language = limits.language
    left join phrases as alone
        on joint_evidence.one_by_one_reason_code = alone.phrase_code and words.language = alone.language

),

worded as (

    select
        *,
        {{ filled('phrase', numbers) }} as reason
    from reasons

)

select
    chain_link_key,
    language,
    reason,
    upper_bound,
    one_by_one_reason,
    reason || case when verdict = 'cannot_tell' then '' else coalesce('; ' || upper_bound, '') end as verdict_reason
from worded
