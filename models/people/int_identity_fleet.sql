{%- set most = var('identity_hub_max_neighbours') -%}
with

met as (

    select * from {{ ref('int_identity_met') }}

),

hubs as (

    select * from {{ ref('int_identity_hub') }}

),

ends as {{ inline_cte() }} (

    {{ ends_of(ref('int_identity_pair')) }}

),

-- a number with more than one unit, and its units
held as (

    select
        ends.node_key as number_node,
        ends.neighbour as unit_node,
        met.units
    from ends
    inner join met on ends.node_key = met.node_key
    left join hubs on ends.neighbour = hubs.node_key
    left join hubs as desks on ends.node_key = desks.node_key
    where
        met.node_kind = 'customer' and met.units > 1 and ends.neighbour_kind = 'unit'
        and hubs.node_key is null and desks.node_key is null

),

own_addresses as (

    select
        ends.node_key as number_node,
        ends.neighbour as address_node
    from ends
    where ends.neighbour_kind in {{ address_kinds() }} and ends.node_key in (select held.number_node from held)

),

-- who answers for a unit: an address that met it
reached as (

    select
        held.number_node,
        held.unit_node,
        held.units,
        ends.neighbour as address_node,
        ends.neighbour_kind as address_kind,
        own_addresses.address_node is not null as is_own
    from held
    inner join ends on held.unit_node = ends.node_key
    left join hubs on ends.neighbour = hubs.node_key
    left join own_addresses
        on held.number_node = own_addresses.number_node and ends.neighbour = own_addresses.address_node
    where ends.neighbour_kind in {{ address_kinds() }} and hubs.node_key is null

),

-- a driver is the first foreign address of a unit, so that a unit counts once however many addresses it has
drivers as (

    select
        number_node,
        unit_node,
        units,
        min(case when address_kind = 'email' then address_node end) as email,
        min(case when address_kind = 'phone' then address_node end) as phone
    from reached
    where not is_own
    group by number_node, unit_node, units

),

fleets as (

    select number_node
    from drivers
    group by number_node, units
    having
        greatest(count(distinct email), count(distinct phone)) >= {{ var('identity_fleet_drivers') }}
        or units > {{ most }}

),

fleet_units as (

    select distinct drivers.unit_node
    from drivers
    inner join fleets on drivers.number_node = fleets.number_node

),

-- whoever serves two units of a fleet under one number is no driver either
accounts as (

    select number_node from fleets
    union
    select held.number_node
    from held
    inner join fleet_units on held.unit_node = fleet_units.unit_node
    group by held.number_node
    having count(*) > 1

),

driven as (

    select
        drivers.number_node,
        drivers.unit_node
    from drivers
    inner join accounts on drivers.number_node = accounts.number_node

),

cut as (

    select
        number_node as node_key,
        unit_node
    from driven
    union
    select
        reached.address_node as node_key,
        reached.unit_node
    from reached
    inner join driven on reached.number_node = driven.number_node and reached.unit_node = driven.unit_node
    where reached.is_own

)

select
    least(node_key, unit_node) as node_a,
    greatest(node_key, unit_node) as node_b
from cut
