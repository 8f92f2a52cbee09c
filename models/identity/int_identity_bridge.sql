with

nodes as (

    select * from {{ ref('int_identity_node') }}

),

met as (

    select * from {{ ref('int_identity_met') }}

),

ends as {{ inline_cte() }} (

    {{ ends_of(ref('int_identity_pair')) }}

),

-- an address or a unit that joins numbers of one customer
joining as (

    select
        ends.node_key as place,
        met.node_kind as place_kind,
        nodes.customer_key,
        ends.neighbour as number_node
    from ends
    inner join met on ends.node_key = met.node_key
    inner join nodes on ends.node_key = nodes.node_key
    inner join nodes as numbers on ends.neighbour = numbers.node_key and nodes.customer_key = numbers.customer_key
    where
        ends.neighbour_kind = 'customer'
        and met.node_kind != 'customer'
        and met.customers > 1
    qualify count(*) over (partition by ends.node_key) > 1

),

-- what two of these numbers share besides
shared as (

    select distinct place
    from (
        select
            joining.place,
            ends.neighbour
        from joining
        inner join ends on joining.number_node = ends.node_key and joining.place != ends.neighbour
        inner join met on ends.neighbour = met.node_key
        where met.customers > 1
        group by joining.place, ends.neighbour
        having count(*) > 1
    ) as found

)

select distinct
    joining.place as node_key,
    joining.place_kind as node_kind,
    joining.customer_key
from joining
left join shared on joining.place = shared.place
where shared.place is null
