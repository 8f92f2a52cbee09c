{%- set network = ['chain_link_key', 'period_kind', 'period_from'] -%}
{%- set network_key = network | join(', ') -%}
{%- set whole_network = 'partition by ' ~ network_key -%}
{%- set min_ranked = var('min_responses_ranked') -%}
{%- set min_reliability = var('min_reliability_ranked') -%}
{%- set min_partners = var('min_partners_ranked') -%}
with

partners as (

    select
        *,
        count(*) over ({{ whole_network }}) as network_partners,
        -- how much of a spread between partners is left in the mean of the others
        (sum(responses * responses) over ({{ whole_network }}) - responses * responses)
        / nullif(power(network_responses - responses, 2), 0) as rest_concentration
    from {{ ref('int_partner_adjusted') }}

),

networks as (

    {{ dersimonian_laird('partners', network, 'adjusted_nps', 'sampling_variance') }}

),

medians as (

    select
        {{ network_key }},
        median(sampling_variance) as median_sampling_variance
    from partners
    group by {{ network_key }}

),

estimated as (

    select
        partners.*,
        networks.tau2,
        networks.mu,
        {{ shrinkage('partners.sampling_variance', 'networks.tau2') }} as shrinkage,
        {{ shrunken('partners.adjusted_nps', 'partners.sampling_variance', 'networks.mu', 'networks.tau2') }}
            as shrunken_nps,
        {{ posterior_sd('partners.sampling_variance', 'networks.tau2') }} as posterior_sd,
        networks.tau2 / (networks.tau2 + medians.median_sampling_variance) as rankability,
        {{ shrunken_standard_error('partners.adjusted_nps', 'partners.sampling_variance', 'networks') }}
            as shrunken_nps_se,
        partners.difference_from_rest / sqrt(
            partners.difference_variance + networks.tau2 * (1 + partners.rest_concentration)
        ) as funnel_z
    from partners
    left join networks
        on
            partners.chain_link_key = networks.chain_link_key
            and partners.period_kind = networks.period_kind
            and partners.period_from = networks.period_from
    left join medians
        on
            partners.chain_link_key = medians.chain_link_key
            and partners.period_kind = medians.period_kind
            and partners.period_from = medians.period_from

),

judged as (

    select
        *,
        case
            when network_partners < {{ min_partners }} then 'fewer than {{ min_partners }} partners to compare'
            when tau2 is null then 'the answers of each partner are all alike'
            when tau2 = 0 then 'the spread between partners is no more than chance would have it'
            when responses < {{ min_ranked }} and 1 - shrinkage < {{ min_reliability }}
                then 'fewer than {{ min_ranked }} responses and a reliability below {{ min_reliability }}'
        end as own_reason
    from estimated

),

counted as (

    select
        *,
        sum(case when own_reason is null then 1 else 0 end) over ({{ whole_network }}) as candidates
    from judged

)

select
    chain_link_key,
    period_kind,
    period_from,
    partner_code,
    case
        when own_reason is not null then own_reason
        when candidates < {{ min_partners }} then 'fewer than {{ min_partners }} partners can be ranked'
    end as not_rankable_reason,
    network_partners,
    case when candidates >= {{ min_partners }} then candidates else 0 end as ranked_partners,
    adjusted_nps,
    sampling_variance,
    degrees_of_freedom,
    tau2,
    mu,
    shrinkage,
    shrunken_nps,
    posterior_sd,
    shrunken_nps_se,
    rankability,
    funnel_z
from counted
