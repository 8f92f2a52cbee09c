{#- Two links' scores of one customer and what became of the customer: an anchor, and the latest score of another link
    at or before it within var journey_days. A later score is no control: whoever gave it had stayed until then. Added up
    per stratum and bucket of customers, so that the bootstrap's cost doesn't grow with the data; and once more by what
    holds the customers' records together. -#}
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

    select
        response_key,
        tenure_band_key,
        segment,
        nps_category,
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
        anchors.chain_link_key,
        controls.chain_link_key as control_link_key,
        controls.standing,
        cast(anchors.customer_key % {{ var('bootstrap_buckets') }} as integer) as customer_bucket,
        coalesce(linkings.held_by, 'number') as held_by
    from outcomes
    inner join responses as anchors on outcomes.response_key = anchors.response_key
    inner join responses as controls
        on
            anchors.customer_key = controls.customer_key
            and anchors.chain_key = controls.chain_key
            and anchors.chain_link_key != controls.chain_link_key
            and anchors.response_on >= controls.response_on
            and {{ add_days('anchors.response_on', -var('journey_days')) }} < controls.response_on
    left join linkings on anchors.customer_key = linkings.customer_key
    qualify
        row_number() over (
            partition by outcomes.response_key, controls.chain_link_key
            order by controls.response_on desc, controls.response_key desc
        ) = 1

)

select
    chain_link_key,
    control_link_key,
    tenure_band_key,
    segment,
    {{ bucket_or_linking() }} as bucket,
    count(*) as pairs,
    {%- for category in ['detractor', 'passive'] %}
        cast(sum(case when nps_category = '{{ category }}' then 1 else 0 end) as bigint) as {{ category }}s,
        cast(sum(case when nps_category = '{{ category }}' then standing else 0 end) as bigint)
            as standing_of_{{ category }}s,
    {%- endfor %}
    cast(sum(standing) as bigint) as standing,
    cast(sum(standing * standing) as bigint) as standing_squares,
    cast(sum(retained_e9) as bigint) as retained_e9,
    cast(sum(standing * retained_e9) as bigint) as standing_retained_e9
from paired
-- grouping sets: unknown to the linter's DuckDB
group by
    grouping sets ( -- noqa: PRS, LT02
        (chain_link_key, control_link_key, tenure_band_key, segment, customer_bucket),
        (chain_link_key, control_link_key, tenure_band_key, segment, held_by)
    )
having {{ bucket_or_linking() }} is not null
-- the buckets of a stratum together: the bootstrap sums them in half the time
order by chain_link_key, control_link_key, tenure_band_key, segment
