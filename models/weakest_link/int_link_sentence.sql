{#- The verdict in plain English, per link and per chain, assembled from the figures. -#}
{#- A text joined by || is null where a part of it is, on every engine; concat() is not. -#}
{%- set lenses_in_words = {
    'nps': 'NPS against its benchmark',
    'importance': 'importance',
    'attributable_loss': 'the number of lost customers',
    'value_at_stake': 'the estimate of its value at stake',
} -%}
{#- what these say is what the verdict found wanting where it names no link -#}
{%- set lenses_of_loss = ['attributable_loss', 'value_at_stake'] -%}
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

judged as (

    select
        chain_links.chain_link_key,
        chain_links.chain_key,
        chain_links.chain_name,
        chain_links.link_name,
        chain_links.link_position,
        verdicts.is_sufficient,
        verdicts.verdict,
        verdicts.verdict in ('weakest', 'candidate') as is_named,
        verdicts.is_certain,
        verdicts.cannot_tell_reason,
        {%- for lens in lenses_in_words %}
            lenses.weakest_by_{{ lens }},
        {%- endfor %}
        joint_evidence.loss_model,
        joint_evidence.one_by_one_reason,
        joint_evidence.left_out,
        row_number() over (
            partition by chain_links.chain_key order by coalesce(verdicts.p_weakest, -1) desc, chain_links.link_position
        ) as place,
        losses.value_at_stake_eur > 0 as has_value_at_stake,
        case
            when losses.value_at_stake_eur > 0
                then concat('EUR ', {{ euros_in_words('losses.value_at_stake_eur') }}, '{{ period_in_words }}')
            when losses.attributable_lost_customers > 0 then 'customers, but no margin with them'
            else 'nothing that goes with its scores'
        end as loss,
        concat(
            {{ euros_in_words('verdicts.value_at_stake_eur_ci_low') }},
            ' to ',
            {{ euros_in_words('verdicts.value_at_stake_eur_ci_high') }}
        ) as loss_interval,
        verdicts.p_weakest,
        {{ probability_in_words('verdicts.p_weakest') }} as p_in_words
    from chain_links
    inner join verdicts on chain_links.chain_link_key = verdicts.chain_link_key
    inner join joint_evidence on chain_links.chain_link_key = joint_evidence.chain_link_key
    inner join lenses on chain_links.chain_link_key = lenses.chain_link_key
    left join losses on chain_links.chain_link_key = losses.chain_link_key

),

-- what is the same for all links of a chain
chains as (

    select
        chain_key,
        min(chain_name) as chain_name,
        sum(case when is_sufficient then 1 else 0 end) as sufficient_links,
        max(case when is_sufficient then link_name end) as sufficient_link,
        max(case when is_sufficient then cannot_tell_reason end) as shared_reason,
        nullif(
            {{ text_list(
                "case when not is_sufficient then concat(link_name, ' (', cannot_tell_reason, ')') end",
                'link_position'
            ) }},
            ''
        ) as not_compared,
        {%- for lens in lenses_in_words %}
            max(weakest_by_{{ lens }}) as weakest_by_{{ lens }},
            max(case when is_named and link_name = weakest_by_{{ lens }} then 1 else 0 end) = 1
                as is_named_by_{{ lens }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from judged
    group by chain_key

),

worded as (

    select
        judged.*,
        concat(
            judged.p_in_words,
            case
                when chains.not_compared is null then ' sure that no link loses more'
                else ' sure that no link that could be compared loses more'
            end
        ) as certainty,
        case
            when judged.has_value_at_stake then judged.loss_interval
            else concat('EUR ', judged.loss_interval, '{{ period_in_words }}')
        end as interval_in_words,
        -- null: separated from all other links
        case
            when judged.loss_model = 'one_by_one'
                then concat('not separated from those of the other links: ', judged.one_by_one_reason)
            when judged.left_out is not null
                then
                    concat(
                        'not separated from that of ', judged.left_out,
                        ': too few of its answers came with an earlier one there'
                    )
        end as caveat,
        coalesce(' Not compared: ' || chains.not_compared || '.', '') as not_compared,
        -- null: no lens names another link
        nullif(
            concat_ws(
                ', ',
                {%- for lens, words in lenses_in_words.items() %}
                    case
                        when judged.weakest_by_{{ lens }} != judged.link_name
                            then concat(judged.weakest_by_{{ lens }}, ' by {{ words }}')
                    end{% if not loop.last %},{% endif %}
                {%- endfor %}
            ),
            ''
        ) as other_links_by_lens
    from judged
    inner join chains on judged.chain_key = chains.chain_key

),

stated as (

    select
        *,
        case
            when verdict = 'cannot_tell'
                then concat(link_name, ' in ', chain_name, ': cannot tell, ', cannot_tell_reason, '.')
            when verdict = 'not_weakest'
                then
                    concat(
                        link_name, ' loses ', loss, ' (', interval_in_words, ') in ', chain_name, '; ',
                        case when p_weakest < 0.01 then 'another link loses more' else certainty end, '.'
                    )
            when verdict = 'weakest' and not is_certain
                then
                    concat(
                        link_name, ' probably loses most in ', chain_name, ': ', loss, ' (', interval_in_words, '); ',
                        certainty, '.'
                    )
            else
                concat(link_name, ' loses ', loss, ' (', interval_in_words, ') in ', chain_name, '; ', certainty, '.')
        end as said,
        coalesce(' Its loss is ' || caveat || '.', '') as caveat_in_words,
        coalesce(' Not all lenses agree: the weakest link is ' || other_links_by_lens || '.', '') as disagreement
    from worded

),

sentences as (

    select
        *,
        case
            when is_named then concat(said, caveat_in_words, not_compared, disagreement)
            when verdict = 'not_weakest' then concat(said, caveat_in_words)
            else said
        end as sentence
    from stated

),

named as (

    select
        chain_key,
        max(case when verdict = 'weakest' then sentence end) as weakest,
        nullif(
            {{ text_list(
                "case when verdict = 'candidate'
                    then concat(
                        link_name, ' (', loss, ', ', interval_in_words, '; ', certainty,
                        coalesce('; ' || caveat, ''), ')'
                    ) end",
                'place'
            ) }},
            ''
        ) as candidates
    from sentences
    group by chain_key

),

chain_sentences as (

    select
        chains.chain_key,
        concat(
            coalesce(
                'The data cannot separate these links in ' || chains.chain_name || ': ' || named.candidates || '.',
                concat(
                    'No weakest link can be named in ', chains.chain_name, ': ',
                    case
                        when chains.sufficient_links = 0 then 'no link has enough data'
                        when chains.sufficient_links = 1
                            then concat('only ', chains.sufficient_link, ' has enough data')
                        else chains.shared_reason
                    end,
                    '.'
                )
            ),
            coalesce(' Not compared: ' || chains.not_compared || '.', ''),
            coalesce(
                case
                    when named.candidates is not null then ' Not all lenses agree: the weakest link is '
                    else ' By single lenses the weakest link is '
                end
                || nullif(
                    concat_ws(
                        ', ',
                        {%- for lens, words in lenses_in_words.items() %}
                            case
                                when
                                    not chains.is_named_by_{{ lens }}
                                    {%- if lens in lenses_of_loss %}
                                        and named.candidates is not null
                                    {%- endif %}
                                    then chains.weakest_by_{{ lens }} || ' by {{ words }}'
                            end{% if not loop.last %},{% endif %}
                        {%- endfor %}
                    ),
                    ''
                )
                || '.',
                ''
            )
        ) as not_one_link,
        named.weakest
    from chains
    inner join named on chains.chain_key = named.chain_key

)

select
    sentences.chain_link_key,
    sentences.sentence,
    coalesce(chain_sentences.weakest, chain_sentences.not_one_link) as chain_sentence
from sentences
inner join chain_sentences on sentences.chain_key = chain_sentences.chain_key
