{#- The verdict in plain English, per link and per chain, assembled from the figures. -#}
{%- set other_lenses = {
    'nps': 'NPS against its benchmark',
    'importance': 'importance',
    'attributable_loss': 'the number of lost customers',
} -%}
{%- set quarters = var('trailing_quarters') -%}
{%- set period_in_words = ' a year' if quarters == 4 else ' in ' ~ quarters ~ ' quarters' -%}
with

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

losses as (

    select * from {{ ref('int_loss_replicate') }}
    where replicate = 0

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

worded as (

    select
        chain_links.chain_link_key,
        chain_links.chain_key,
        chain_links.chain_name,
        chain_links.link_name,
        verdicts.verdict,
        verdicts.is_certain,
        verdicts.cannot_tell_reason,
        row_number() over (
            partition by chain_links.chain_key order by coalesce(verdicts.p_weakest, -1) desc, chain_links.link_position
        ) as place,
        case
            when losses.value_at_stake_eur > 0
                then concat('EUR ', {{ euros_in_words('losses.value_at_stake_eur') }}, '{{ period_in_words }}')
            else 'nothing that goes with its scores'
        end as loss,
        concat(
            {{ euros_in_words('verdicts.value_at_stake_eur_ci_low') }},
            ' to ',
            {{ euros_in_words('verdicts.value_at_stake_eur_ci_high') }}
        ) as loss_interval,
        concat({{ probability_in_words('verdicts.p_weakest') }}, ' sure that no link loses more') as certainty,
        case
            when joint_evidence.loss_model = 'one_by_one'
                then
                    concat(
                        ' Its loss could not be separated from those of the other links: ',
                        joint_evidence.one_by_one_reason,
                        '.'
                    )
            else ''
        end as caveat,
        -- null: no lens names another link
        nullif(
            concat_ws(
                ', ',
                {%- for lens, words in other_lenses.items() %}
                    case
                        when lenses.weakest_by_{{ lens }} != lenses.weakest_by_value_at_stake
                            then concat(lenses.weakest_by_{{ lens }}, ' by {{ words }}')
                    end{% if not loop.last %},{% endif %}
                {%- endfor %}
            ),
            ''
        ) as other_lenses
    from chain_links
    inner join verdicts on chain_links.chain_link_key = verdicts.chain_link_key
    inner join joint_evidence on chain_links.chain_link_key = joint_evidence.chain_link_key
    inner join lenses on chain_links.chain_link_key = lenses.chain_link_key
    left join losses on chain_links.chain_link_key = losses.chain_link_key

),

sentences as (

    select
        *,
        case
            when verdict = 'cannot_tell'
                then concat(link_name, ' in ', chain_name, ': cannot tell, ', cannot_tell_reason, '.')
            when verdict = 'weakest' and not is_certain
                then
                    concat(
                        link_name, ' probably loses most in ', chain_name, ': ', loss, ' (', loss_interval, '); ',
                        certainty, '.', caveat
                    )
            else
                concat(
                    link_name, ' loses ', loss, ' (', loss_interval, ') in ', chain_name, '; ', certainty, '.', caveat
                )
        end as sentence,
        case
            when other_lenses is not null
                then concat(' Not all lenses agree: the weakest link is ', other_lenses, '.')
            else ''
        end as disagreement
    from worded

),

chains as (

    select
        chain_key,
        min(chain_name) as chain_name,
        max(disagreement) as disagreement,
        max(case when verdict = 'weakest' then sentence end) as weakest,
        nullif(
            {{ text_list(
                "case when verdict = 'candidate'
                    then concat(link_name, ' (', loss, ', ', loss_interval, '; ', certainty, ')') end",
                'place'
            ) }},
            ''
        ) as candidates,
        max(case when verdict = 'candidate' then caveat end) as candidate_caveat,
        max(case when place = 1 then cannot_tell_reason end) as cannot_tell_reason
    from sentences
    group by chain_key

)

select
    sentences.chain_link_key,
    case
        when sentences.verdict in ('weakest', 'candidate') then concat(sentences.sentence, sentences.disagreement)
        else sentences.sentence
    end as sentence,
    case
        when chains.weakest is not null then concat(chains.weakest, chains.disagreement)
        when chains.candidates is not null
            then
                concat(
                    'The data cannot separate these links in ', chains.chain_name, ': ', chains.candidates, '.',
                    chains.candidate_caveat, chains.disagreement
                )
        else concat('No weakest link can be named in ', chains.chain_name, ': ', chains.cannot_tell_reason, '.')
    end as chain_sentence
from sentences
inner join chains on sentences.chain_key = chains.chain_key
