with

nps_counts as (

    select * from {{ ref('int_nps_counts') }}

),

partners as (

    select * from {{ ref('dim_partner') }}

),

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

nonresponse as (

    select * from {{ ref('int_partner_nonresponse') }}

),

link_quarters as (

    select * from {{ ref('mart_nps_by_link') }}

),

by_quarter as (

    select
        nps_counts.chain_link_key,
        partners.partner_code,
        nps_counts.quarter_start_on,
        max_by(partners.partner_name, partners.valid_from) as partner_name,
        sum(nps_counts.invitations) as invitations,
        sum(nps_counts.delivered) as delivered,
        sum(nps_counts.answered) as answered,
        sum(nps_counts.responses) as responses,
        sum(nps_counts.promoters) as promoters,
        sum(nps_counts.passives) as passives,
        sum(nps_counts.detractors) as detractors
    from nps_counts
    inner join partners on nps_counts.partner_key = partners.partner_key
    group by nps_counts.chain_link_key, partners.partner_code, nps_counts.quarter_start_on

),

with_total as (

    select
        by_quarter.*,
        link_quarters.is_suppressed as is_total_suppressed,
        sum(by_quarter.invitations) over (
            partition by by_quarter.chain_link_key, by_quarter.partner_code
        ) > 0 as has_invitations
    from by_quarter
    inner join link_quarters
        on
            by_quarter.chain_link_key = link_quarters.chain_link_key
            and by_quarter.quarter_start_on = link_quarters.quarter_start_on

),

suppressions as (

    {{ suppressed(
        'with_total',
        ['chain_link_key', 'quarter_start_on', 'partner_code'],
        ['chain_link_key', 'quarter_start_on'],
        is_total_hidden='is_total_suppressed',
    ) }}

),

judged as (

    select
        with_total.*,
        suppressions.suppression_reason,
        suppressions.suppression_reason is not null as is_suppressed
    from with_total
    inner join suppressions
        on
            with_total.chain_link_key = suppressions.chain_link_key
            and with_total.partner_code = suppressions.partner_code
            and with_total.quarter_start_on = suppressions.quarter_start_on

)

select
    judged.chain_link_key,
    chain_links.chain_code,
    chain_links.link_code,
    judged.partner_code,
    judged.partner_name,
    judged.quarter_start_on,
    {{ nps_figures('judged', 'nonresponse') }},
    case
        when judged.is_suppressed then 'hidden'
        when judged.responses < {{ var('min_responses_ranked') }} then 'indicative'
        else 'full'
    end as evidence,
    judged.is_suppressed,
    judged.suppression_reason
from judged
inner join chain_links on judged.chain_link_key = chain_links.chain_link_key
left join nonresponse
    on
        judged.chain_link_key = nonresponse.chain_link_key
        and judged.partner_code = nonresponse.partner_code
        and judged.quarter_start_on = nonresponse.quarter_start_on
