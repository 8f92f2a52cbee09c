with

outcomes as (

    select * from {{ ref('int_response_outcome') }}
    where is_trailing

),

responses as (

    select * from {{ ref('fct_nps_response') }}

),

margins as (

    select * from {{ ref('int_customer_window_margin') }}

),

-- Who scored the link more than once is what the last score says.
last_scores as (

    select outcomes.*
    from outcomes
    inner join responses on outcomes.response_key = responses.response_key
    qualify
        row_number() over (
            partition by outcomes.chain_link_key, outcomes.customer_key
            order by responses.response_on desc, outcomes.response_key desc
        ) = 1

)

select
    last_scores.chain_link_key,
    last_scores.tenure_band_key,
    last_scores.segment,
    cast(last_scores.customer_key % {{ var('bootstrap_buckets') }} as integer) as bucket,
    cast(count(*) as bigint) as detractor_customers,
    -- bought nothing: no margin; bought without a known cost: left out
    cast(coalesce(sum(margins.margin_eur), 0) as {{ euros_sum_type() }}) as detractor_margin_eur
from last_scores
left join margins
    on last_scores.customer_key = margins.customer_key and last_scores.chain_key = margins.chain_key
where last_scores.nps_category = 'detractor'
group by
    last_scores.chain_link_key,
    last_scores.tenure_band_key,
    last_scores.segment,
    last_scores.customer_key % {{ var('bootstrap_buckets') }}
-- the buckets of a stratum together: the bootstrap sums them in half the time
order by last_scores.chain_link_key, last_scores.tenure_band_key, last_scores.segment
