{#- Two scores of one customer at two links of a chain, and what became of the customer: an answer, and the latest at
    another link at or before it within var journey_days. -#}
with

responses as (

    select
        response_key,
        chain_key,
        chain_link_key,
        customer_key,
        response_on,
        -- +1, 0 or -1: its mean is the NPS
        is_promoter - is_detractor as standing
    from {{ ref('fct_nps_response') }}
    where customer_key is not null

),

outcomes as (

    select * from {{ ref('int_response_outcome') }}

),

linkings as (

    select * from {{ ref('int_customer_linking') }}

)

select
    outcomes.response_key,
    laters.chain_link_key,
    earliers.chain_link_key as earlier_link_key,
    outcomes.tenure_band_key,
    outcomes.segment,
    cast(laters.customer_key % {{ var('bootstrap_buckets') }} as integer) as customer_bucket,
    coalesce(linkings.held_by, 'number') as held_by,
    laters.standing,
    earliers.standing as earlier_standing,
    -- billionths, so that sums are exact in any order
    cast(round(outcomes.retained * 1e9) as bigint) as retained_e9
from outcomes
inner join responses as laters on outcomes.response_key = laters.response_key
inner join responses as earliers
    on
        laters.customer_key = earliers.customer_key
        and laters.chain_key = earliers.chain_key
        and laters.chain_link_key != earliers.chain_link_key
        and laters.response_on >= earliers.response_on
        and {{ add_days('laters.response_on', -var('journey_days')) }} < earliers.response_on
left join linkings on laters.customer_key = linkings.customer_key
qualify
    row_number() over (
        partition by outcomes.response_key, earliers.chain_link_key
        order by earliers.response_on desc, earliers.response_key desc
    ) = 1
