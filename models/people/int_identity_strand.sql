with

suspects as (

    select * from {{ ref('int_identity_suspect') }}
    where is_too_large

),

pairs as (

    {{ linking_pairs() }}

),

-- both ends of a pair that links are in one cluster
pairs_there as (

    select pairs.*
    from pairs
    inner join suspects on pairs.node_a = suspects.node_key

),

ends as (

    {{ ends_of('pairs_there') }}

),

-- numbers claim an address or a unit; where it meets none or one, e-mail addresses do: of two phones at an address and
-- two addresses at a phone the phone is the shared one
places as (

    select
        *,
        sum(case when neighbour_kind = 'customer' then 1 else 0 end) over (partition by node_key) as numbers_met
    from ends
    where node_kind != 'customer'

),

claimants as (

    select
        node_key as place,
        neighbour as claimant
    from places
    where neighbour_kind = case when numbers_met > 1 then 'customer' else 'email' end

),

claims as (

    select
        claimants.place,
        1 as party,
        claimants.claimant,
        ends.neighbour as other,
        ends.neighbour_kind as other_kind
    from claimants
    inner join ends on claimants.claimant = ends.node_key and claimants.place != ends.neighbour
    where ends.neighbour_kind in {{ address_kinds() }}

),

several_people as (

    {{ claimed_by_several('claims') }}

)

select distinct place as node_key
from several_people
