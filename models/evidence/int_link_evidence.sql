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

{%- set followed_in_all = [] %}
{%- for category in categories %}
    {%- do followed_in_all.append('followed.are_' ~ category ~ 's_followed') %}
{%- endfor %}
{#- code, condition and reason in words; the first that holds -#}
{%- set reasons = [
    (
        'few_scores',
        'coalesce(followed.responses, 0) < ' ~ var('min_responses_verdict'),
        'fewer than ' ~ var('min_responses_verdict') ~ ' scores of customers whose purchases can be followed',
    ),
    (
        'few_recent_scores',
        'followed.trailing_responses < ' ~ shown,
        'fewer than ' ~ shown ~ ' who can be followed scored the link in the trailing quarters',
    ),
    (
        'few_of_a_category',
        'least(followed.promoters, followed.detractors) < ' ~ shown
        ~ ' or followed.passives between 1 and ' ~ (shown - 1),
        'fewer than ' ~ shown ~ ' promoters, passives or detractors can be followed',
    ),
    (
        'not_followed_long_enough',
        'not (' ~ followed_in_all | join(' and ') ~ ')',
        'promoters, passives or detractors have not been followed for the whole retention window yet',
    ),
    (
        'few_customers',
        'coalesce(estimates.exposed, 0) < ' ~ shown,
        'fewer than ' ~ shown ~ ' customers met the link in the trailing quarters',
    ),
    (
        'few_margins',
        'coalesce(estimates.retained_with_margin, 0) < ' ~ shown,
        'after fewer than ' ~ shown ~ ' answers a customer came back whose margin over the whole window is known',
    ),
] %}

explained as (

    select
        chain_links.chain_link_key,
        case
            {%- for code, condition, _ in reasons %}
                when {{ condition }} then '{{ code }}'
            {%- endfor %}
        end as missing_evidence_code
    from chain_links
    left join followed on chain_links.chain_link_key = followed.chain_link_key
    left join estimates on chain_links.chain_link_key = estimates.chain_link_key

)

select
    chain_link_key,
    missing_evidence_code is null as is_sufficient,
    missing_evidence_code,
    case missing_evidence_code
        {%- for code, _, reason in reasons %}
            when '{{ code }}' then '{{ reason }}'
        {%- endfor %}
    end as missing_evidence
from explained
