{%- set network = ['chain_link_key', 'period_kind', 'period_from'] -%}
{%- set network_key = network | join(', ') -%}
{%- set whole_network = 'partition by ' ~ network_key -%}
{%- set min_ranked = var('min_responses_ranked') -%}
{%- set min_reliability = var('min_reliability_ranked') -%}
{%- set min_partners = var('min_partners_ranked') -%}
with

-- Hidden figures enter nothing, so that no mean, variance or rank gives one away.
cells as (

    select * from {{ ref('int_ranking_cell') }}
    where suppression_reason is null

),

pooled as (

    select
        chain_link_key,
        period_kind,
        period_from,
        partner_code,
        responses,
        {{ nps('promoters', 'detractors', 'responses') }} as nps,
        count(*) over ({{ whole_network }}) as network_partners,
        sum(responses) over ({{ whole_network }}) as network_responses,
        {{ nps(
            '(sum(promoters) over (' ~ whole_network ~ ') - promoters)',
            '(sum(detractors) over (' ~ whole_network ~ ') - detractors)',
            '(sum(responses) over (' ~ whole_network ~ ') - responses)',
        ) }} as rest_nps,
        -- squares within partners, in points
        1e4 * {{ stable_sum(
            'promoters + detractors - cast(power(promoters - detractors, 2) as double) / responses', 18, whole_network
        ) }} as squares_within
    from cells

),

with_sampling_variance as (

    select
        *,
        squares_within / (network_responses - network_partners) / responses as sampling_variance
    from pooled

),

networks as (

    {{ dersimonian_laird('with_sampling_variance', network, 'nps', 'sampling_variance') }}

),

medians as (

    select
        {{ network_key }},
        median(sampling_variance) as median_sampling_variance
    from with_sampling_variance
    group by {{ network_key }}

),

estimated as (

    select
        partners.*,
        networks.tau2,
        networks.mu,
        {{ shrinkage('partners.sampling_variance', 'networks.tau2') }} as shrinkage,
        {{ shrunken('partners.nps', 'partners.sampling_variance', 'networks.mu', 'networks.tau2') }} as shrunken_nps,
        {{ posterior_sd('partners.sampling_variance', 'networks.tau2') }} as posterior_sd,
        networks.tau2 / (networks.tau2 + medians.median_sampling_variance) as rankability,
        (partners.nps - partners.rest_nps) / sqrt(partners.sampling_variance + networks.tau2) as funnel_z
    from with_sampling_variance as partners
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
            when tau2 = 0 then 'partners differ no more than chance would have it'
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
    nps,
    rest_nps,
    sampling_variance,
    tau2,
    mu,
    shrinkage,
    shrunken_nps,
    posterior_sd,
    rankability,
    funnel_z,
    {{ two_sided_p('funnel_z') }} as p_value
from counted
