{%- set most = var('identity_hub_max_neighbours') -%}
with

met as (

    select * from {{ ref('int_identity_met') }}

),

numbers as (

    select * from {{ ref('int_identity_number') }}

),

crowds as (

    select * from {{ ref('int_identity_crowd') }}

),

ends as {{ inline_cte() }} (

    {{ ends_of(ref('int_identity_pair')) }}

),

-- several numbers of one partner at one address
of_partner as (

    select
        ends.node_key as place,
        numbers.partner_code,
        ends.neighbour as claimant,
        count(*) over (partition by ends.node_key, numbers.partner_code) as numbers_there
    from ends
    inner join met on ends.node_key = met.node_key
    inner join numbers on ends.neighbour = numbers.node_key
    where ends.neighbour_kind = 'customer' and met.node_kind in {{ address_kinds() }} and met.customers > 1

),

claimants as (

    select
        of_partner.place,
        of_partner.partner_code,
        of_partner.claimant
    from of_partner
    left join crowds on of_partner.place = crowds.node_key
    left join crowds as desks on of_partner.claimant = desks.node_key
    where of_partner.numbers_there > 1 and crowds.node_key is null and desks.node_key is null

),

-- what else they have: of a fleet's many units a few will do
others as (

    select
        ends.node_key as claimant,
        ends.neighbour as other,
        ends.neighbour_kind as other_kind
    from ends
    left join crowds on ends.neighbour = crowds.node_key
    where crowds.node_key is null and ends.node_key in (select claimants.claimant from claimants)
    qualify
        row_number() over (partition by ends.node_key, ends.neighbour_kind order by ends.neighbour) <= {{ most }}

),

claims as (

    select
        claimants.place,
        claimants.partner_code as party,
        claimants.claimant,
        others.other,
        others.other_kind
    from claimants
    inner join others on claimants.claimant = others.claimant and claimants.place != others.other

),

several_people as (

    {{ claimed_by_several('claims') }}

)

select
    node_key,
    reason_code
from crowds

union all

select distinct
    place as node_key,
    'several_people' as reason_code
from several_people
