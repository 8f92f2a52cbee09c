-- How many answer by mode of the survey, and do those who answer by another mode score otherwise?
-- One row per chain, link and channel of the invitation over the last four whole quarters, from the facts: modes with
-- too few answers to be shown are left out. Modes reach other people, so a difference is no effect of the mode.
with

period as (

    select
        max(period_from) as period_from,
        max(period_to) as period_to
    from {{ ref('mart_weakest_link') }}

),

asked as (

    select
        invitations.chain_link_key,
        invitations.channel_key,
        count(*) as invitations,
        sum(invitations.is_delivered) as delivered,
        sum(invitations.is_answered) as answered,
        count(responses.response_key) as responses,
        sum(responses.is_promoter) as promoters,
        sum(responses.is_detractor) as detractors
    from {{ ref('fct_survey_invitation') }} as invitations
    inner join period on invitations.sent_on between period.period_from and period.period_to
    left join {{ ref('fct_nps_response') }} as responses on invitations.invitation_key = responses.invitation_key
    group by invitations.chain_link_key, invitations.channel_key

)

select
    links.chain_name,
    links.link_name,
    links.chain_code,
    links.link_code,
    channels.channel_code,
    channels.channel_name,
    asked.invitations,
    asked.delivered,
    asked.answered,
    cast(asked.answered as double) / nullif(asked.delivered, 0) as response_rate,
    {{ nps('asked.promoters', 'asked.detractors', 'asked.responses') }} as nps,
    {{ nps_ci_low('asked.promoters', 'asked.detractors', 'asked.responses') }} as nps_ci_low,
    {{ nps_ci_high('asked.promoters', 'asked.detractors', 'asked.responses') }} as nps_ci_high
from asked
inner join {{ ref('dim_chain_link') }} as links on asked.chain_link_key = links.chain_link_key
inner join {{ ref('dim_channel') }} as channels on asked.channel_key = channels.channel_key
where asked.responses >= {{ var('min_responses_shown') }}
order by links.chain_code asc, links.link_position asc, asked.invitations desc, channels.channel_code asc
