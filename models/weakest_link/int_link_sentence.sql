{#- The verdict on a link in one sentence or two, in each language, made of phrases and figures. -#}
{#- A text joined by || is null where a part of it is, on every engine; concat() is not. -#}
{%- set lenses = ['nps', 'importance', 'attributable_loss'] -%}
{%- set lens_words = ['lens_nps', 'lens_importance', 'lens_attributable_loss', 'lens_pair', 'other_measures'] -%}
{%- set quarters = var('trailing_quarters') -%}
{%- set in_quarters = filled('words.in_quarters', {'quarters': "'" ~ quarters ~ "'"}) -%}
{%- set period = 'words.a_year' if quarters == 4 else in_quarters -%}
with

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

losses as (

    select * from {{ ref('int_loss_replicate') }}
    where replicate = 0

),

lenses as (

    select * from {{ ref('int_link_lens') }}

),

verdicts as (

    select * from {{ ref('int_link_verdict') }}

),

reasons as (

    select * from {{ ref('int_verdict_reason') }}

),

words as (

    {{ words_by_language(words_of_figures() + lens_words + [
        'a_year', 'in_quarters', 'head_weakest', 'head_probably', 'head_candidate', 'head_other', 'loss_sure',
        'loss_unsure', 'loss_no_margin', 'sure_of_all', 'sure_of_compared', 'chance_of_most', 'chance_of_most_compared',
        'another_has_more', 'upper_bound', 'not_compared', 'not_compared_count', 'candidate', 'candidate_unsure',
        'candidate_short', 'cannot_tell',
    ]) }}

),

phrases as (

    {{ phrases_by_language() }}

),

-- a link that has no phrase keeps its name
named as (

    select
        chain_links.chain_link_key,
        chain_links.chain_key,
        chain_links.chain_name,
        chain_links.link_position,
        chain_links.link_name as plain_name,
        words.language,
        coalesce(phrases.phrase, chain_links.link_name) as link_name
    from chain_links
    cross join words
    left join phrases
        on 'link_' || chain_links.link_code = phrases.phrase_code and words.language = phrases.language

),

-- what is the same for all links of a chain
chains as (

    select
        named.chain_key,
        named.language,
        sum(case when verdicts.is_sufficient then 0 else 1 end) as links_not_compared,
        nullif(
            {{ text_list('case when not verdicts.is_sufficient then named.link_name end', 'named.link_position') }}, ''
        ) as not_compared
    from named
    inner join verdicts on named.chain_link_key = verdicts.chain_link_key
    group by named.chain_key, named.language

),

figures as (

    select
        named.*,
        verdicts.verdict,
        verdicts.is_certain,
        verdicts.p_weakest,
        chains.links_not_compared,
        reasons.reason,
        reasons.upper_bound as upper_bound_because,
        words.upper_bound as upper_bound_alone,
        case
            when losses.value_at_stake_eur > 0 and verdicts.value_at_stake_eur_ci_low > 0 then 'sure'
            when losses.attributable_lost_customers > 0 and losses.value_at_stake_eur <= 0 then 'no_margin'
            else 'unsure'
        end as loss_kind,
        {{ period }} as period,
        {{ euros_in_words('losses.value_at_stake_eur') }} as value_eur,
        {{ euros_in_words('verdicts.value_at_stake_eur_ci_low') }} as low_eur,
        {{ euros_in_words('verdicts.value_at_stake_eur_ci_high') }} as high_eur,
        {{ percent_in_words('verdicts.p_weakest') }} as share_in_words,
        {{ filled('words.not_compared', {'links': 'chains.not_compared'}) }} as not_compared,
        case
            when chains.links_not_compared > 0
                then {{ filled(
                    'words.not_compared_count',
                    {'count': 'cast(chains.links_not_compared as ' ~ dbt.type_string() ~ ')'}
                ) }}
        end as not_compared_count,
        -- of the verdict's own link, or one that could not be compared, a lens adds no name
        {%- for lens in lenses %}
            case
                when
                    lenses.weakest_by_{{ lens }} != named.plain_name
                    and coalesce(replace(chains.not_compared, by_{{ lens }}.link_name, '') = chains.not_compared, true)
                    then by_{{ lens }}.link_name
            end as by_{{ lens }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from named
    inner join words on named.language = words.language
    inner join chains on named.chain_key = chains.chain_key and named.language = chains.language
    inner join verdicts on named.chain_link_key = verdicts.chain_link_key
    inner join reasons on named.chain_link_key = reasons.chain_link_key and named.language = reasons.language
    inner join lenses on named.chain_link_key = lenses.chain_link_key
    left join losses on named.chain_link_key = losses.chain_link_key
    {%- for lens in lenses %}
        left join named as by_{{ lens }}
            on
                named.chain_key = by_{{ lens }}.chain_key
                and named.language = by_{{ lens }}.language
                and lenses.weakest_by_{{ lens }} = by_{{ lens }}.plain_name
    {%- endfor %}

),

{%- set parts = {
    'link': 'figures.link_name', 'chain': 'figures.chain_name', 'value': 'figures.value_eur',
    'low': 'figures.low_eur', 'high': 'figures.high_eur', 'period': 'figures.period', 'percent': 'figures.share_in_words',
    'reason': 'figures.reason',
} %}
{%- set loss_parts = ['value', 'low', 'high', 'period'] %}

begun as (

    select
        figures.*,
        case
            when figures.is_certain then {{ pick('head_weakest', parts, ['link', 'chain']) }}
            when figures.verdict = 'weakest' then {{ pick('head_probably', parts, ['link', 'chain']) }}
            when figures.verdict = 'candidate' then {{ pick('head_candidate', parts, ['link', 'chain']) }}
            else {{ pick('head_other', parts, ['link', 'chain']) }}
        end as head,
        case figures.loss_kind
            when 'sure' then {{ pick('loss_sure', parts, loss_parts) }}
            when 'no_margin' then {{ pick('loss_no_margin', parts, loss_parts[1:]) }}
            else {{ pick('loss_unsure', parts, loss_parts[1:]) }}
        end as loss,
        case
            when figures.p_weakest < 0.01 then words.another_has_more
            when figures.verdict = 'not_weakest' and figures.links_not_compared > 0
                then {{ pick('chance_of_most_compared', parts, ['percent']) }}
            when figures.verdict = 'not_weakest' then {{ pick('chance_of_most', parts, ['percent']) }}
            when figures.links_not_compared > 0 then {{ pick('sure_of_compared', parts, ['percent']) }}
            else {{ pick('sure_of_all', parts, ['percent']) }}
        end as certainty
    from figures
    inner join words on figures.language = words.language

),

stated as (

    select
        figures.*,
        case
            when figures.verdict = 'cannot_tell' then {{ pick('cannot_tell', parts, ['link', 'chain', 'reason']) }}
            else figures.head || ': ' || figures.loss || '; ' || figures.certainty || '.'
        end as said,
        -- where names are very long
        figures.head || '; ' || figures.certainty || '.' as said_short,
        case
            when figures.verdict != 'cannot_tell' and figures.loss_kind = 'sure'
                then ' ' || {{ capitalised('figures.upper_bound_because') }} || '.'
        end as caveat,
        case
            when
                figures.verdict != 'cannot_tell'
                and figures.loss_kind = 'sure'
                and figures.upper_bound_because is not null
                then ' ' || {{ capitalised('figures.upper_bound_alone') }} || '.'
        end as short_caveat,
        {{ pick('candidate_short', parts, ['link', 'percent']) }} as candidate_short,
        case figures.loss_kind
            when 'sure' then {{ pick('candidate', parts, ['link', 'percent'] + loss_parts) }}
            else {{ pick('candidate_unsure', parts, ['link', 'percent'] + loss_parts[1:]) }}
        end as candidate,
        {{ measures_in_words(lenses, 'figures', 'words') }} as measures,
        words.other_measures
    from begun as figures
    inner join words on figures.language = words.language

),

-- what is said beside, as long as the sentence stays short enough: first what the figure is worth
cautioned as (

    select
        *,
        coalesce({{ first_that_fits([
            "said || coalesce(caveat, '') || ' ' || not_compared",
            "said || short_caveat || ' ' || not_compared",
            "said || coalesce(short_caveat, '') || ' ' || not_compared_count",
            "said || caveat",
            "said || coalesce(short_caveat, '')",
            "said",
            "said_short",
        ]) }}, said) as cautioned
    from stated

)

select
    chain_link_key,
    language,
    chain_key,
    chain_name,
    verdict,
    p_weakest,
    link_position,
    link_name,
    candidate,
    candidate_short,
    loss_kind = 'sure' and short_caveat is not null as is_said_upper_bound,
    case
        when verdict = 'cannot_tell' then said
        when verdict = 'not_weakest' then {{ first_that_fits([
            "said || caveat", "said || coalesce(short_caveat, '')", "said", "said_short"
        ]) }}
        else
            {{ first_that_fits([
                "cautioned || ' ' || " ~ filled('other_measures', {'measures': 'measures'}),
                "cautioned",
            ]) }}
    end as sentence
from cautioned
