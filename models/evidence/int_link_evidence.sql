{#- Whether the data of a link suffice for the verdict, and if not, the first reason why. A figure worked out from fewer
    than `shown` would give them away, and so would a reason that says how few they are. -#}
{%- set shown = [var('min_responses_shown'), var('min_responses_verdict_part')] | max -%}
{%- set categories = ['promoter', 'passive', 'detractor'] -%}
with

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

chains as (

    select * from {{ ref('dim_chain') }}

),

outcomes as (

    select * from {{ ref('int_response_outcome') }}

),

estimates as (

    select * from {{ ref('int_link_replicate') }}
    where replicate = 0

),

followed as (

    select
        outcomes.chain_link_key,
        count(*) as responses,
        sum(case when outcomes.is_trailing then 1 else 0 end) as trailing_responses,
        {%- for category in categories %}
            sum(case when outcomes.nps_category = '{{ category }}' then 1 else 0 end) as {{ category }}s,
            -- to the window's end, or until all had come back; a curve that ends with one who came back while others
            -- are open stands at 100 % by that one alone
            coalesce(
                max(case when outcomes.nps_category = '{{ category }}' then outcomes.duration_days end)
                >= max(chains.retention_window_days)
                or max(case when outcomes.nps_category = '{{ category }}' and not outcomes.is_settled then 1 else 0 end)
                = 0,
                true
            ) as are_{{ category }}s_followed{% if not loop.last %},{% endif %}
        {%- endfor %}
    from outcomes
    inner join chains on outcomes.chain_key = chains.chain_key
    group by outcomes.chain_link_key

),

explained as (

    select
        chain_links.chain_link_key,
        case
            when coalesce(followed.responses, 0) < {{ var('min_responses_verdict') }}
                then 'fewer than {{ var("min_responses_verdict") }} scores of customers whose purchases can be followed'
            when followed.trailing_responses < {{ shown }}
                then 'fewer than {{ shown }} who can be followed scored the link in the trailing quarters'
            when
                followed.promoters < {{ shown }}
                or followed.detractors < {{ shown }}
                or followed.passives between 1 and {{ shown - 1 }}
                then 'fewer than {{ shown }} promoters, passives or detractors can be followed'
            when
                not (
                    {%- for category in categories %}
                        {{ 'and ' if not loop.first }}followed.are_{{ category }}s_followed
                    {%- endfor %}
                )
                then 'promoters, passives or detractors have not been followed for the whole retention window yet'
            when coalesce(estimates.exposed, 0) < {{ shown }}
                then 'fewer than {{ shown }} customers met the link in the trailing quarters'
            when coalesce(estimates.retained_with_margin, 0) < {{ shown }}
                then 'of fewer than {{ shown }} who met the link one retention window earlier the margin is known'
        end as missing_evidence
    from chain_links
    left join followed on chain_links.chain_link_key = followed.chain_link_key
    left join estimates on chain_links.chain_link_key = estimates.chain_link_key

)

select
    chain_link_key,
    missing_evidence is null as is_sufficient,
    missing_evidence
from explained
