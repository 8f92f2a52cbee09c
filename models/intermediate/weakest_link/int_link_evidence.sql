{#- Whether the data of a link suffice for the verdict, and if not, the first reason why. -#}
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

resolved as (

    select
        chain_link_key,
        count(*) as resolved_responses,
        sum(case when is_trailing then 1 else 0 end) as trailing_responses,
        sum(case when nps_category = 'promoter' then 1 else 0 end) as promoters,
        sum(case when nps_category = 'detractor' then 1 else 0 end) as detractors,
        max(case when nps_category = 'promoter' then duration_days end) as promoters_followed_days,
        max(case when nps_category = 'detractor' then duration_days end) as detractors_followed_days,
        min(case when is_settled then 0 else 1 end) as all_settled
    from outcomes
    group by chain_link_key

),

explained as (

    select
        chain_links.chain_link_key,
        case
            when coalesce(resolved.resolved_responses, 0) < {{ var('min_responses_verdict') }}
                then concat(
                    'only ', cast(coalesce(resolved.resolved_responses, 0) as {{ dbt.type_string() }}),
                    ' scores of customers whose purchases can be followed; ',
                    '{{ var("min_responses_verdict") }} are needed'
                )
            when resolved.trailing_responses = 0
                then 'nobody who can be followed scored the link in the trailing quarters'
            when resolved.promoters < {{ var('min_responses_stratum') }}
                then 'fewer than {{ var("min_responses_stratum") }} promoters can be followed'
            when resolved.detractors < {{ var('min_responses_stratum') }}
                then 'fewer than {{ var("min_responses_stratum") }} detractors can be followed'
            when
                resolved.all_settled = 0
                and (
                    resolved.promoters_followed_days < chains.retention_window_days
                    or resolved.detractors_followed_days < chains.retention_window_days
                )
                then 'nobody has been followed for the whole retention window yet'
            when coalesce(estimates.exposed, 0) = 0
                then 'no customer met the link in the trailing quarters'
            when estimates.margin_per_retained_eur is null
                then 'no margin is known of customers who met the link one retention window earlier'
        end as missing_evidence
    from chain_links
    inner join chains on chain_links.chain_key = chains.chain_key
    left join resolved on chain_links.chain_link_key = resolved.chain_link_key
    left join estimates on chain_links.chain_link_key = estimates.chain_link_key

)

select
    chain_link_key,
    missing_evidence is null as is_sufficient,
    missing_evidence
from explained
