{%- set most = var('identity_hub_max_neighbours') -%}
with

clusters as (

    select * from {{ ref('int_identity_cluster') }}

),

met as (

    select * from {{ ref('int_identity_met') }}

),

numbers as (

    select * from {{ ref('int_identity_number') }}

),

decisions as (

    select * from {{ ref('int_identity_decision') }}

),

-- no cluster is too large that has not even so many identities
large as (

    select cluster_key
    from clusters
    group by cluster_key
    having count(*) > {{ most }}

),

large_nodes as (

    select
        clusters.cluster_key,
        clusters.node_key,
        met.node_kind,
        numbers.partner_code
    from clusters
    inner join large on clusters.cluster_key = large.cluster_key
    inner join met on clusters.node_key = met.node_key
    left join numbers on clusters.node_key = numbers.node_key

),

too_large as (

    select cluster_key
    from large_nodes
    group by cluster_key
    having
        count(*) filter (where node_kind = 'email') > {{ most }}
        or count(*) filter (where node_kind = 'phone') > {{ most }}

    union

    select cluster_key
    from large_nodes
    where partner_code is not null
    group by cluster_key, partner_code
    having count(*) > {{ most }}

),

-- two numbers that are not the same person's, in one cluster all the same
mistaken as (

    select distinct cluster_a.cluster_key
    from decisions
    inner join clusters as cluster_a on decisions.node_a = cluster_a.node_key
    inner join clusters as cluster_b
        on decisions.node_b = cluster_b.node_key and cluster_a.cluster_key = cluster_b.cluster_key
    where not decisions.is_same

),

suspects as (

    select
        coalesce(too_large.cluster_key, mistaken.cluster_key) as cluster_key,
        too_large.cluster_key is not null as is_too_large,
        mistaken.cluster_key is not null as is_mistaken
    from too_large
    full outer join mistaken on too_large.cluster_key = mistaken.cluster_key

)

select
    clusters.node_key,
    clusters.cluster_key,
    coalesce(met.node_kind, 'customer') as node_kind,
    suspects.is_too_large,
    suspects.is_mistaken
from clusters
inner join suspects on clusters.cluster_key = suspects.cluster_key
left join met on clusters.node_key = met.node_key
