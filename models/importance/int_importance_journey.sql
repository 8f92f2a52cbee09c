{#- What a customer said of at least two links, up to one response, the anchor, and whether the customer came back.

    The anchor is the first response within an ownership-age band at which at least two links had been scored. Not the
    latest response: who comes back is asked again, so the latest response of a customer is the more often one that
    nothing followed, and retention after it is far below that after all responses. "First" depends on the past alone,
    so that the outcome's censoring weights hold.

    A customer who scored two links of four has two scores here: nothing is filled in. -#}
with

responses as (

    select * from {{ ref('fct_nps_response') }}
    where customer_key is not null

),

outcomes as (

    select * from {{ ref('int_response_outcome') }}

),

customer_chains as (

    select * from {{ ref('int_customer_chain') }}

),

ownership as (

    select * from {{ ref('int_customer_ownership') }}

),

bands as (

    select * from {{ ref('tenure_bands') }}

),

candidates as (

    select
        responses.response_key,
        responses.chain_key,
        responses.customer_key,
        responses.response_on,
        outcomes.retained
    from outcomes
    inner join responses on outcomes.response_key = responses.response_key
    where
        exists (
            select 1 from responses as earlier
            where
                earlier.customer_key = responses.customer_key
                and earlier.chain_key = responses.chain_key
                and earlier.link_key != responses.link_key
                and earlier.response_on <= responses.response_on
                and earlier.response_on > {{ add_days('responses.response_on', -var('journey_days')) }}
        )

),

-- of several units, the one bought last; without one (retail, or bought before the data begin) since first seen
owned as (

    select
        candidates.response_key,
        max(ownership.owned_from) as owned_from
    from candidates
    inner join ownership
        on
            candidates.customer_key = ownership.customer_key
            and candidates.chain_key = ownership.chain_key
            and candidates.response_on >= ownership.owned_from
            and candidates.response_on <= {{ open_end('ownership.owned_to') }}
    group by candidates.response_key

),

anchors as (

    select
        candidates.chain_key,
        candidates.customer_key,
        bands.tenure_band_key as ownership_age_band_key,
        candidates.response_on as anchor_on,
        candidates.retained
    from candidates
    inner join customer_chains
        on candidates.customer_key = customer_chains.customer_key and candidates.chain_key = customer_chains.chain_key
    left join owned on candidates.response_key = owned.response_key
    inner join bands
        on
            {{ days_between('coalesce(owned.owned_from, customer_chains.first_on)', 'candidates.response_on') }}
            between bands.from_days and bands.to_days
    qualify
        row_number() over (
            partition by candidates.chain_key, candidates.customer_key, bands.tenure_band_key
            order by candidates.response_on, candidates.response_key
        ) = 1

)

select
    anchors.chain_key,
    anchors.customer_key,
    anchors.ownership_age_band_key,
    responses.link_key,
    anchors.anchor_on,
    responses.score,
    -- millionths, so that sums are exact in any order
    cast(round(anchors.retained * 1e6) as bigint) as retained_e6
from anchors
inner join responses
    on
        anchors.customer_key = responses.customer_key
        and anchors.chain_key = responses.chain_key
        and anchors.anchor_on >= responses.response_on
        and responses.response_on > {{ add_days('anchors.anchor_on', -var('journey_days')) }}
qualify
    row_number() over (
        partition by
            anchors.chain_key, anchors.customer_key, anchors.ownership_age_band_key, responses.link_key
        order by responses.response_on desc, responses.response_key desc
    ) = 1
