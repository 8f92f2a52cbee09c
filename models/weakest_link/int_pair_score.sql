{#- Scores of one customer at two links of a chain, and what became of the customer: an answer at one, and the latest at
    the other at or before it within var journey_days. Added up per stratum and bucket of customers, as in
    int_joint_pair, in either order of asking: two bad experiences compound whichever was asked about first. -#}
with

responses as (

    select
        response_key,
        chain_key,
        chain_link_key,
        customer_key,
        response_on,
        -- 2 for a detractor, 1 for a passive, 0 for a promoter
        1 + is_detractor - is_promoter as lowness
    from {{ ref('fct_nps_response') }}
    where customer_key is not null

),

outcomes as (

    select
        response_key,
        tenure_band_key,
        segment,
        -- billionths, so that sums are exact in any order
        cast(round(retained * 1e9) as bigint) as retained_e9
    from {{ ref('int_response_outcome') }}

),

linkings as (

    select * from {{ ref('int_customer_linking') }}

),

paired as (

    select
        outcomes.*,
        least(laters.chain_link_key, earliers.chain_link_key) as link_key_a,
        greatest(laters.chain_link_key, earliers.chain_link_key) as link_key_b,
        case when laters.chain_link_key < earliers.chain_link_key then laters.lowness else earliers.lowness end
            as low_a,
        case when laters.chain_link_key < earliers.chain_link_key then earliers.lowness else laters.lowness end
            as low_b,
        cast(laters.customer_key % {{ var('bootstrap_buckets') }} as integer) as customer_bucket,
        coalesce(linkings.held_by, 'number') as held_by
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

)

select
    link_key_a,
    link_key_b,
    tenure_band_key,
    segment,
    {{ bucket_or_linking() }} as bucket,
    count(*) as pairs,
    {%- for name, product in pair_products().items() %}
        cast(sum({{ product }}) as bigint) as {{ name }}{% if not loop.last %},{% endif %}
    {%- endfor %}
from paired
-- grouping sets: unknown to the linter's DuckDB
group by
    grouping sets ( -- noqa: PRS, LT02
        (link_key_a, link_key_b, tenure_band_key, segment, customer_bucket),
        (link_key_a, link_key_b, tenure_band_key, segment, held_by)
    )
having {{ bucket_or_linking() }} is not null
-- the buckets of a stratum together: the bootstrap sums them in half the time
order by link_key_a, link_key_b, tenure_band_key, segment
