{%- set most = var('identity_hub_max_neighbours') -%}
with

sizes as (

    select * from {{ ref('int_identity_size') }}

),

nodes as (

    select * from {{ ref('int_identity_node') }}

),

largest as (

    select *
    from sizes
    where greatest(emails, phones, numbers_at_partner) > {{ most }}
    qualify row_number() over (order by identities desc, customer_key asc) = 1

),

too_large as (

    select
        count(*) as customers,
        sum(identities) as identities
    from sizes
    where greatest(emails, phones, numbers_at_partner) > {{ most }}

),

-- what a decision takes apart is no chain, and nobody needs to be warned of it
chains as (

    select distinct cut_cluster_key
    from nodes
    where cut_reason = 'chain_of_people'

),

apart as (

    select
        count(distinct nodes.cut_cluster_key) as clusters,
        count(*) as identities
    from nodes
    inner join chains on nodes.cut_cluster_key = chains.cut_cluster_key

),

everybody as (

    select count(*) as identities
    from nodes

)

select
    'identity_cluster_large' as warning_code,
    cast(null as {{ dbt.type_string() }}) as dataset,
    cast(null as {{ dbt.type_string() }}) as partner_code,
    cast(null as {{ dbt.type_string() }}) as file_path,
    cast(too_large.identities as bigint) as rows_affected,
    cast(everybody.identities as bigint) as rows_total,
    'The largest customer is made of ' || cast(largest.identities as {{ dbt.type_string() }}) || ' identities ('
    || cast(largest.numbers as {{ dbt.type_string() }}) || ' customer numbers, '
    || cast(largest.emails as {{ dbt.type_string() }}) || ' e-mail addresses, '
    || cast(largest.phones as {{ dbt.type_string() }}) || ' phone numbers), more than one person has: probably several '
    || 'people who share addresses. chain/identity_decisions.csv can say who is not the same.' as sentence
from largest
cross join too_large
cross join everybody

union all

select
    'identity_cluster_apart' as warning_code,
    cast(null as {{ dbt.type_string() }}) as dataset,
    cast(null as {{ dbt.type_string() }}) as partner_code,
    cast(null as {{ dbt.type_string() }}) as file_path,
    cast(apart.identities as bigint) as rows_affected,
    cast(everybody.identities as bigint) as rows_total,
    cast(apart.clusters as {{ dbt.type_string() }}) || ' chains of people who hang together by shared addresses were '
    || 'taken apart, since no one person has so many addresses: probably an address or number that is typed in where '
    || 'none is known.' as sentence
from apart
cross join everybody
where apart.clusters > 0
