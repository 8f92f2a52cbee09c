{%- set network = ['chain_link_key', 'period_kind', 'period_from'] -%}
with

ranked as (

    select * from {{ ref('int_ranking_estimate') }}
    where not_rankable_reason is null

),

ranks as (

    {{ expected_rank('ranked', network, 'partner_code', 'shrunken_nps', 'posterior_sd') }}

),

last_places as (

    {{ probability_lowest('ranked', network, 'partner_code', 'shrunken_nps', 'posterior_sd') }}

),

rank_intervals as (

    {{ rank_interval(
        'ranked', network, 'partner_code', 'adjusted_nps', 'sampling_variance', 'degrees_of_freedom'
    ) }}

)

select
    ranks.chain_link_key,
    ranks.period_kind,
    ranks.period_from,
    ranks.partner_code,
    ranks.expected_rank,
    rank_intervals.rank_low,
    rank_intervals.rank_high,
    last_places.probability_lowest as p_worst
from ranks
inner join last_places
    on
        ranks.chain_link_key = last_places.chain_link_key
        and ranks.period_kind = last_places.period_kind
        and ranks.period_from = last_places.period_from
        and ranks.partner_code = last_places.partner_code
inner join rank_intervals
    on
        ranks.chain_link_key = rank_intervals.chain_link_key
        and ranks.period_kind = rank_intervals.period_kind
        and ranks.period_from = rank_intervals.period_from
        and ranks.partner_code = rank_intervals.partner_code
