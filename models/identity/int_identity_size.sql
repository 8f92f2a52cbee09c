{%- set most = var('identity_hub_max_neighbours') -%}
with

nodes as (

    select * from {{ ref('int_identity_node') }}

),

numbers as (

    select * from {{ ref('int_identity_number') }}

),

{% call kept_cte('customer_sizes') %}

    select
        customer_key,
        count(*) as identities
    from {{ ref('int_identity_node') }}
    where customer_key is not null
    group by customer_key

{% endcall %},

-- kinds are asked of the few that could hold too many of one
large as (

    select
        nodes.customer_key,
        count(*) filter (where nodes.node_kind = 'customer') as numbers,
        count(*) filter (where nodes.node_kind = 'email') as emails,
        count(*) filter (where nodes.node_kind = 'phone') as phones
    from nodes
    inner join customer_sizes on nodes.customer_key = customer_sizes.customer_key
    where customer_sizes.identities > {{ most }}
    group by nodes.customer_key

),

-- only a number whose address meets other numbers can be one of two
at_partner as (

    select
        customer_key,
        max(numbers_there) as numbers_at_partner
    from (
        select
            nodes.customer_key,
            count(*) as numbers_there
        from numbers
        inner join nodes on numbers.node_key = nodes.node_key
        group by nodes.customer_key, numbers.partner_code
    ) as counted
    where numbers_there > 1
    group by customer_key

)

select
    customer_sizes.customer_key,
    customer_sizes.identities,
    coalesce(large.numbers, 0) as numbers,
    coalesce(large.emails, 0) as emails,
    coalesce(large.phones, 0) as phones,
    coalesce(at_partner.numbers_at_partner, 1) as numbers_at_partner
from customer_sizes
left join large on customer_sizes.customer_key = large.customer_key
left join at_partner on customer_sizes.customer_key = at_partner.customer_key
