{#- Does the verdict hang on the linking? Loss per customer is estimated again among customers linked more strictly, and
    counts for everybody who met the link: fewer customers are left of a link that is mostly phoned, whatever each loses. Who is
    linked by more is left out, not taken apart: a customer cut off from the purchases would look lost. -#}
{%- set shown = [var('min_responses_shown'), var('min_responses_verdict_part')] | max -%}
with

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

chains as (

    select * from {{ ref('dim_chain') }}

),

links as (

    select * from {{ ref('int_link_replicate') }}
    where replicate <= 0

),

losses as (

    select * from {{ ref('int_loss_replicate') }}
    where replicate <= 0

),

counted as (

    select
        chain_link_key,
        replicate,
        sum(promoters) as promoters,
        sum(passives) as passives,
        sum(detractors) as detractors,
        sum(trailing_promoters + trailing_passives + trailing_detractors) as trailing_responses,
        sum(exposed) as exposed,
        sum(exposed_once_e9) as exposed_once_e9,
        sum(retained_with_margin) as retained_with_margin
    from {{ ref('int_link_stratum_replicate') }}
    where replicate <= 0
    group by chain_link_key, replicate

),

in_all as (

    select
        losses.chain_key,
        losses.chain_link_key,
        chain_links.link_name,
        chain_links.link_position,
        links.exposed,
        losses.value_at_stake_eur,
        row_number() over (
            partition by losses.chain_key
            order by coalesce(losses.value_at_stake_eur, -1e18) desc, chain_links.link_position
        ) as place
    from losses
    inner join links on losses.chain_link_key = links.chain_link_key and losses.replicate = links.replicate
    inner join chain_links on losses.chain_link_key = chain_links.chain_link_key
    where losses.replicate = 0

),

linkings as (

    {% for linking in stricter_linkings() -%}
        select {{ linking['replicate'] }} as replicate
        {% if not loop.last %}
            union all

        {% endif -%}
    {% endfor %}

),

compared as (

    select
        in_all.*,
        linkings.replicate,
        in_all.exposed * losses.excess_loss * links.margin_per_retained_eur as stricter_value_eur,
        -- the minima of int_link_evidence
        coalesce(
            counted.promoters + counted.passives + counted.detractors >= {{ var('min_responses_verdict') }}
            and counted.trailing_responses >= {{ shown }}
            and counted.promoters >= {{ shown }}
            and counted.detractors >= {{ shown }}
            and counted.passives not between 1 and {{ shown - 1 }}
            and counted.exposed >= {{ shown }}
            and counted.retained_with_margin >= {{ shown }}
            and losses.value_at_stake_eur is not null,
            false
        ) as is_sufficient
    from in_all
    cross join linkings
    left join losses
        on in_all.chain_link_key = losses.chain_link_key and linkings.replicate = losses.replicate
    left join links
        on in_all.chain_link_key = links.chain_link_key and linkings.replicate = links.replicate
    left join counted
        on in_all.chain_link_key = counted.chain_link_key and linkings.replicate = counted.replicate

),

placed as (

    select
        *,
        row_number() over (
            partition by chain_key, replicate
            order by case when is_sufficient then 0 else 1 end asc, stricter_value_eur desc, link_position asc
        ) as stricter_place
    from compared

),

summed as (

    select
        chain_key,
        replicate,
        count(*) as links,
        sum(case when is_sufficient then 1 else 0 end) as sufficient_links,
        max(case when place = 1 and value_at_stake_eur > 0 then link_name end) as named,
        max(case when place = 1 and is_sufficient then 1 else 0 end) = 1 as is_named_sufficient,
        max(case when stricter_place = 1 and is_sufficient and stricter_value_eur > 0 then link_name end)
            as stricter_named,
        nullif({{ text_list('case when not is_sufficient then link_name end', 'link_position') }}, '') as not_compared
    from placed
    group by chain_key, replicate

),

-- each customer of the chain once
customers as (

    select
        chain_links.chain_key,
        {%- for linking in stricter_linkings() %}
            cast(
                coalesce(
                    sum(case when counted.replicate = {{ linking['replicate'] }} then counted.exposed_once_e9 end), 0
                )
                as double
            )
            / nullif(sum(case when counted.replicate = 0 then counted.exposed_once_e9 end), 0)
                as customers_{{ linking['name'] }}_share{% if not loop.last %},{% endif %}
        {%- endfor %}
    from counted
    inner join chain_links on counted.chain_link_key = chain_links.chain_link_key
    group by chain_links.chain_key

),

explained as (

    select
        *,
        links >= 2 and named is not null and is_named_sufficient and sufficient_links >= 2 as is_answered
    from summed

)

select
    chains.chain_key,
    {%- for linking in stricter_linkings() %}
        {%- set name, words = linking['name'], linking['words'] %}
        customers.customers_{{ name }}_share,
        case when {{ name }}.is_answered then {{ name }}.stricter_named end as weakest_{{ name }},
        case when {{ name }}.is_answered then coalesce({{ name }}.stricter_named = {{ name }}.named, false) end
            as same_link_{{ name }},
        case
            when coalesce({{ name }}.links, 0) < 2 then 'fewer than two links of the chain can be compared'
            when {{ name }}.named is null then 'no link of the chain loses anything'
            when not {{ name }}.is_named_sufficient
                then concat('too few customers of ', {{ name }}.named, ' are linked {{ words }}')
            when {{ name }}.sufficient_links < 2 then 'too few customers of the other links are linked {{ words }}'
            else 'not compared: ' || {{ name }}.not_compared
        end as same_link_{{ name }}_reason{% if not loop.last %},{% endif %}
    {%- endfor %}
from chains
left join customers on chains.chain_key = customers.chain_key
{%- for linking in stricter_linkings() %}
    left join explained as {{ linking['name'] }}
        on
            chains.chain_key = {{ linking['name'] }}.chain_key
            and {{ linking['name'] }}.replicate = {{ linking['replicate'] }}
{%- endfor %}
