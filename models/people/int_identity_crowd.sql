{%- set most = var('identity_hub_max_neighbours') -%}
with

met as (

    select * from {{ ref('int_identity_met') }}

),

numbers as (

    select * from {{ ref('int_identity_number') }}

),

ends as {{ inline_cte() }} (

    {{ ends_of(ref('int_identity_pair')) }}

),

-- addresses of the other kind, or of an account or unit of either: nobody has so many
counted as (

    select
        node_key,
        'many_addresses' as reason_code
    from met
    where
        (node_kind in {{ address_kinds() }} and greatest(emails, phones) > {{ most }})
        or (node_kind = 'customer' and greatest(emails, phones) > {{ most }})
        or (node_kind = 'unit' and greatest(customers, emails, phones) > {{ most }})

),

-- the numbers that an address meets, by partner: one a partner are one person's cards, however many
of_partner as (

    select
        ends.node_key as place,
        coalesce(numbers.partner_code, '') as partner_code,
        ends.neighbour as claimant,
        count(*) over (partition by ends.node_key, coalesce(numbers.partner_code, '')) as numbers_there
    from ends
    inner join met on ends.node_key = met.node_key
    left join numbers on ends.neighbour = numbers.node_key
    where ends.neighbour_kind = 'customer' and met.node_kind in {{ address_kinds() }} and met.customers > 1

),

many_numbers as (

    select distinct
        place as node_key,
        'many_numbers' as reason_code
    from of_partner
    where numbers_there > {{ most }}

),

-- units of one owner count once: a company's address may stand for all its cars
unit_owners as (

    select
        ends.node_key,
        min(ends.neighbour) as owner_key
    from ends
    where ends.node_kind = 'unit' and ends.neighbour_kind = 'customer'
    group by ends.node_key

),

many_owners as (

    select
        ends.node_key,
        'many_owners' as reason_code
    from ends
    inner join met on ends.node_key = met.node_key
    left join unit_owners on ends.neighbour = unit_owners.node_key
    where ends.neighbour_kind = 'unit' and met.node_kind in {{ address_kinds() }} and met.units > {{ most }}
    group by ends.node_key
    having count(distinct coalesce(unit_owners.owner_key, ends.neighbour)) > {{ most }}

),

found as (

    select * from counted
    union all
    select * from many_numbers
    union all
    select * from many_owners

)

select
    node_key,
    -- who meets too many of several kinds has the first reason
    min(reason_code) as reason_code
from found
group by node_key
