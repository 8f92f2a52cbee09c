{#- Numbers that are not the same person's take sides: round by round, what is nearest to one of them goes with it. -#}
{%- set rounds = var('identity_decision_rounds') -%}
with

{% call kept_cte('disputed_edge') %}

    select
        edges.node_a as node_key,
        edges.node_b as neighbour
    from ({{ suspect_edges() }}) as edges
    inner join {{ ref('int_identity_suspect') }} as suspects on edges.node_a = suspects.node_key
    where suspects.is_mistaken
    union
    select
        edges.node_b as node_key,
        edges.node_a as neighbour
    from ({{ suspect_edges() }}) as edges
    inner join {{ ref('int_identity_suspect') }} as suspects on edges.node_b = suspects.node_key
    where suspects.is_mistaken

{% endcall %},

{% call kept_cte('side_0') %}

    select
        named.node_key,
        -- two of them that are said to be the same take one side
        coalesce(least(named.node_key, min(decisions.node_key)), named.node_key) as side
    from (
        select node_a as node_key from {{ ref('int_identity_decision') }}
        where not is_same
        union
        select node_b as node_key from {{ ref('int_identity_decision') }}
        where not is_same
    ) as named
    inner join {{ ref('int_identity_suspect') }} as suspects on named.node_key = suspects.node_key
    left join (
        select
            node_a as node_key,
            node_b as neighbour
        from {{ ref('int_identity_decision') }}
        where is_same
        union all
        select
            node_b as node_key,
            node_a as neighbour
        from {{ ref('int_identity_decision') }}
        where is_same
    ) as decisions on named.node_key = decisions.neighbour
    where suspects.is_mistaken
    group by named.node_key

{% endcall %},

{% for number in range(rounds) -%}
{% call kept_cte('side_' ~ (number + 1)) %}

    select
        node_key,
        side
    from side_{{ number }}
    union all
    select
        edges.node_key,
        -- as near to one as to another: nobody's
        case when min(near.side) = max(near.side) then min(near.side) end as side
    from disputed_edge as edges
    inner join side_{{ number }} as near on edges.neighbour = near.node_key
    left join side_{{ number }} as taken on edges.node_key = taken.node_key
    where near.side is not null and taken.node_key is null
    group by edges.node_key

{% endcall %},

{% endfor -%}

sides as (

    select * from side_{{ rounds }}

)

select
    node_key,
    side
from sides
