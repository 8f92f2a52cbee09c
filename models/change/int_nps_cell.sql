{#- What the change of the NPS is split over, and which of it may be shown. A link's segments are cells of its quarter
    even where nobody of the segment answered, so that a 0 is hidden as any other small number. -#}
with

nps_counts as (

    select * from {{ ref('int_nps_counts') }}

),

responses as (

    select * from {{ ref('fct_nps_response') }}

),

customer_chains as (

    select * from {{ ref('int_customer_chain') }}

),

partners as (

    select * from {{ ref('dim_partner') }}

),

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

link_quarters as (

    select * from {{ ref('mart_nps_by_link') }}

),

partner_quarters as (

    select * from {{ ref('mart_nps_by_partner') }}

),

by_partner as (

    select
        nps_counts.chain_link_key,
        partners.partner_code,
        nps_counts.quarter_start_on,
        sum(nps_counts.responses) as responses,
        sum(nps_counts.promoters) as promoters,
        sum(nps_counts.detractors) as detractors
    from nps_counts
    inner join partners on nps_counts.partner_key = partners.partner_key
    group by nps_counts.chain_link_key, partners.partner_code, nps_counts.quarter_start_on

),

by_link as (

    select
        chain_link_key,
        quarter_start_on,
        sum(responses) as responses,
        sum(promoters) as promoters,
        sum(detractors) as detractors
    from nps_counts
    group by chain_link_key, quarter_start_on

),

answered_by_segment as (

    select
        responses.chain_link_key,
        coalesce(customer_chains.segment, 'unknown') as segment,
        responses.quarter_start_on,
        count(*) as responses,
        sum(responses.is_promoter) as promoters,
        sum(responses.is_passive) as passives,
        sum(responses.is_detractor) as detractors
    from responses
    left join customer_chains
        on responses.customer_key = customer_chains.customer_key and responses.chain_key = customer_chains.chain_key
    group by
        responses.chain_link_key,
        coalesce(customer_chains.segment, 'unknown'),
        responses.quarter_start_on

),

segments as (

    select distinct
        chain_link_key,
        segment
    from answered_by_segment

),

by_segment as (

    select
        link_quarters.chain_link_key,
        segments.segment,
        link_quarters.quarter_start_on,
        link_quarters.is_suppressed as is_total_suppressed,
        coalesce(answered_by_segment.responses, 0) as responses,
        coalesce(answered_by_segment.promoters, 0) as promoters,
        coalesce(answered_by_segment.passives, 0) as passives,
        coalesce(answered_by_segment.detractors, 0) as detractors
    from link_quarters
    inner join segments on link_quarters.chain_link_key = segments.chain_link_key
    left join answered_by_segment
        on
            segments.chain_link_key = answered_by_segment.chain_link_key
            and segments.segment = answered_by_segment.segment
            and link_quarters.quarter_start_on = answered_by_segment.quarter_start_on

),

segment_suppressions as (

    {{ suppressed(
        'by_segment',
        ['chain_link_key', 'quarter_start_on', 'segment'],
        ['chain_link_key', 'quarter_start_on'],
        is_total_hidden='is_total_suppressed',
    ) }}

),

stacked as (

    select
        'partner' as dimension,
        by_partner.chain_link_key as total_key,
        by_partner.partner_code as member_code,
        by_partner.quarter_start_on,
        by_partner.responses,
        by_partner.promoters,
        by_partner.detractors,
        partner_quarters.is_suppressed,
        link_quarters.is_suppressed as is_total_suppressed
    from by_partner
    inner join partner_quarters
        on
            by_partner.chain_link_key = partner_quarters.chain_link_key
            and by_partner.partner_code = partner_quarters.partner_code
            and by_partner.quarter_start_on = partner_quarters.quarter_start_on
    inner join link_quarters
        on
            by_partner.chain_link_key = link_quarters.chain_link_key
            and by_partner.quarter_start_on = link_quarters.quarter_start_on

    union all

    select
        'segment' as dimension,
        by_segment.chain_link_key as total_key,
        by_segment.segment as member_code,
        by_segment.quarter_start_on,
        by_segment.responses,
        by_segment.promoters,
        by_segment.detractors,
        segment_suppressions.suppression_reason is not null as is_suppressed,
        by_segment.is_total_suppressed
    from by_segment
    inner join segment_suppressions
        on
            by_segment.chain_link_key = segment_suppressions.chain_link_key
            and by_segment.segment = segment_suppressions.segment
            and by_segment.quarter_start_on = segment_suppressions.quarter_start_on

    union all

    -- a chain's total is published nowhere else, and is made of the links that may be shown
    select
        'link' as dimension,
        chain_links.chain_key as total_key,
        chain_links.link_code as member_code,
        by_link.quarter_start_on,
        by_link.responses,
        by_link.promoters,
        by_link.detractors,
        link_quarters.is_suppressed,
        false as is_total_suppressed
    from by_link
    inner join chain_links on by_link.chain_link_key = chain_links.chain_link_key
    inner join link_quarters
        on
            by_link.chain_link_key = link_quarters.chain_link_key
            and by_link.quarter_start_on = link_quarters.quarter_start_on

)

select
    dimension,
    total_key,
    member_code,
    quarter_start_on,
    cast(responses as bigint) as responses,
    cast(promoters as bigint) as promoters,
    cast(detractors as bigint) as detractors,
    is_suppressed,
    is_total_suppressed
from stacked
