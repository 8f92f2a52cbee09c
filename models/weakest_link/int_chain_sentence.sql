{#- The verdict on a chain in one sentence or two, in each language. No link is named where none can be. -#}
{%- set text = dbt.type_string() -%}
with

link_sentences as (

    select * from {{ ref('int_link_sentence') }}

),

verdicts as (

    select * from {{ ref('int_link_verdict') }}

),

reasons as (

    select * from {{ ref('int_verdict_reason') }}

),

words as (

    {{ words_by_language([
        'candidates', 'candidates_count', 'upper_bounds', 'not_compared', 'not_compared_count', 'none_named',
        'no_link_has_data', 'one_link_has_data',
    ]) }}

),

sentences as (

    select
        *,
        row_number() over (
            partition by chain_key, language order by coalesce(p_weakest, -1) desc, link_position asc
        ) as place
    from link_sentences

),

{%- set is_candidate = "sentences.verdict = 'candidate'" %}

chains as (

    select
        sentences.chain_key,
        sentences.language,
        min(sentences.chain_name) as chain_name,
        max(case when sentences.verdict = 'weakest' then sentences.sentence end) as weakest,
        sum(case when {{ is_candidate }} then 1 else 0 end) as candidate_links,
        {%- for form in ['candidate', 'candidate_short'] %}
            nullif(
                {{ text_list("case when " ~ is_candidate ~ " then sentences." ~ form ~ " end", 'sentences.place') }}, ''
            ) as {{ form }}s,
        {%- endfor %}
        max(case when {{ is_candidate }} and sentences.is_said_upper_bound then 1 else 0 end) = 1 as has_upper_bound,
        sum(case when verdicts.is_sufficient then 1 else 0 end) as links_compared,
        sum(case when verdicts.is_sufficient then 0 else 1 end) as links_not_compared,
        nullif(
            {{ text_list(
                'case when not verdicts.is_sufficient then sentences.link_name end', 'sentences.link_position'
            ) }},
            ''
        ) as not_compared,
        max(case when verdicts.is_sufficient then reasons.reason end) as shared_reason
    from sentences
    inner join verdicts on sentences.chain_link_key = verdicts.chain_link_key
    inner join reasons on sentences.chain_link_key = reasons.chain_link_key and sentences.language = reasons.language
    group by sentences.chain_key, sentences.language

),

worded as (

    select
        chains.*,
        {{ filled('words.candidates', {'chain': 'chains.chain_name', 'links': 'chains.candidates'}) }}
            as candidates_said,
        {{ filled('words.candidates', {'chain': 'chains.chain_name', 'links': 'chains.candidate_shorts'}) }}
            as candidates_short,
        {{ filled(
            'words.candidates_count',
            {'chain': 'chains.chain_name', 'count': 'cast(chains.candidate_links as ' ~ text ~ ')'}
        ) }} as candidates_counted,
        case when chains.has_upper_bound then ' ' || words.upper_bounds else '' end as upper_bounds,
        coalesce(' ' || {{ filled('words.not_compared', {'links': 'chains.not_compared'}) }}, '') as not_compared_said,
        case
            when chains.links_not_compared > 0
                then
                    ' '
                    || {{ filled(
                        'words.not_compared_count', {'count': 'cast(chains.links_not_compared as ' ~ text ~ ')'}
                    ) }}
            else ''
        end as not_compared_counted,
        {{ filled('words.none_named', {
            'chain': 'chains.chain_name',
            'reason': "case
                when chains.links_compared = 0 then words.no_link_has_data
                when chains.links_compared = 1 then words.one_link_has_data
                else chains.shared_reason
            end",
        }) }} as none_named
    from chains
    inner join words on chains.language = words.language

)

select
    chain_key,
    language,
    case
        when weakest is not null then weakest
        when candidate_links > 0
            then
                {{ first_that_fits([
                    "candidates_said || upper_bounds || not_compared_said",
                    "candidates_said || upper_bounds || not_compared_counted",
                    "candidates_short || not_compared_said",
                    "candidates_short || not_compared_counted",
                    "candidates_counted || not_compared_counted",
                ]) }}
        else none_named || case when links_compared > 0 then not_compared_counted else '' end
    end as chain_sentence
from worded
