{#- The kind of node that each kind of identity is. -#}
{% macro node_kinds() -%}
    {{ return({'customer': 'customer', 'loyalty': 'customer', 'email': 'email', 'phone': 'phone', 'serial': 'unit'}) }}
{%- endmacro %}


{#- The data sets whose records name a person by more than one identity, with the column of each kind. Lists are no
    records of a meeting: an erasure request names a person, and links nobody. -#}
{% macro identity_records() -%}
    {%- set found = {} -%}
    {%- for dataset, said in landing_contract().items() if said['shape'] in ('party', 'transaction', 'survey', 'contact') -%}
        {%- if identity_columns(dataset) | length > 1 -%}
            {%- do found.update({dataset: identity_columns(dataset)}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}


{#- Counts of a node's neighbours, one per kind, in a group of rows that name the `neighbour_kind`. -#}
{% macro neighbours_of_each_kind() -%}
    {%- for kind in node_kinds().values() | unique -%}
        count(*) filter (where neighbour_kind = '{{ kind }}') as {{ kind }}s{{ ',\n    ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{#- The identity node of a serial number on a day: the unit in the hands of one owner. A unit that is sold on gets a
    new node with every owner, so that buyer and seller are never taken for one person. Before the first known sale
    it is node 0 of the serial number. `ownership` is the alias of int_ownership joined with `owned_on`. -#}
{% macro owner_node(serial_hash, ownership) -%}
    {{ serial_hash }} + coalesce({{ ownership }}.ownership_number, 0)
{%- endmacro %}


{#- The serial numbers that more customers bought than a unit has owners: something that is typed in where none is known. -#}
{% macro serials_of_many() -%}
select serial_hash
from (
    {% for dataset in datasets_with('hands_over', true) -%}
    select distinct
        {{ named(identity_columns(dataset)['serial'], 'serial_hash') }},
        {{ named(customer_column(dataset), 'customer_hash') }}
    from {{ ref('stg_' ~ dataset) }}
    where {{ identity_columns(dataset)['serial'] }} is not null
    {% if not loop.last %}
    union
    {% endif -%}
    {% endfor %}
) as buyers
group by serial_hash
having count(*) > {{ var('identity_hub_max_neighbours') }}
{%- endmacro %}


{#- The last day of a span that may be open. In a join condition never `or x is null`: an engine can't make a hash join of it
    and compares every pair of rows. -#}
{% macro open_end(last_day) -%}
    coalesce({{ last_day }}, date '{{ var("latest_date") }}')
{%- endmacro %}


{#- The join condition between an event on a unit and the ownership of that day. -#}
{% macro owned_on(serial_hash, day, ownership) -%}
    {{ serial_hash }} = {{ ownership }}.serial_hash
    and {{ day }} >= {{ ownership }}.owned_from
    and {{ day }} <= {{ open_end(ownership ~ '.owned_to') }}
{%- endmacro %}


{#- The join condition between an identity and its node. Of one kind only: a join with the nodes of all kinds finds the
    same and takes four times the memory. -#}
{% macro node_of(identity, node, kind) -%}
    {{ identity }} = {{ node }}.node_key and {{ node }}.node_kind = '{{ kind }}'
{%- endmacro %}


{#- The customer behind a record: the first of its identities that names one. `nodes` are the aliases of
    int_customer_node joined on each; it lists every identity, and a shared address names nobody. -#}
{% macro resolved_customer(nodes) -%}
    coalesce({{ nodes | join('.customer_key, ') }}.customer_key)
{%- endmacro %}


{#- The kind of identity by which `resolved_customer` of the same identities finds the customer; null where none does. -#}
{% macro named_by(identities) -%}
    case
        {%- for column, node, kind in identities %}
        when {{ column }} is not null and ({{ node }}.customer_key is not null or not coalesce({{ node }}.is_hub, false))
            then '{{ kind }}'
        {%- endfor %}
    end
{%- endmacro %}


{#- The kind of identity by which a record hangs on the customer that `resolved_customer` of the same identities finds: the
    first of number, email and phone that names that customer; a unit is a number. Null where none does. `unit_nodes`: the
    alias of its unit's node, where it has one. -#}
{% macro held_by(unit_nodes=none) -%}
    case
        when
            customer_nodes.customer_key is not null
            {%- if unit_nodes %}
            or {{ unit_nodes }}.customer_key
            = coalesce(email_nodes.customer_key, phone_nodes.customer_key, {{ unit_nodes }}.customer_key)
            {%- endif %}
            then 'number'
        when email_nodes.customer_key is not null then 'email'
        when phone_nodes.customer_key is not null then 'phone'
    end
{%- endmacro %}


{#- Connected components over the kept CTE `<name>edge_0`, by rounds of contraction; the last CTE is `<name>roots`: who
    moved, and to whom. An edge is one row, the smaller node first. -#}
{% macro components(name) -%}
{% for number in range(var('identity_rounds')) %}
{{ contraction_round(number, name) }}
{% endfor %}
{% for number in range(var('identity_rounds') - 1, -1, -1) %}
{{ contraction_root(number, name, is_last=loop.first) }}
{% endfor %}
{{ name }}roots as (

    select * from {{ name }}root_0

)
{%- endmacro %}


{#- One round of contraction: every node moves to its smallest neighbour, edges inside one node vanish. Keys are hashes, so
    a path of n nodes shrinks by a constant factor a round. One end of an edge at a time: with both moves in one join an
    optimiser may start with the pairs of moves that differ, which is nearly every pair there is. -#}
{% macro contraction_round(number, name) %}
{% call kept_cte(name ~ 'move_' ~ number) %}

    select
        node_key,
        least(node_key, min(neighbour)) as moved_to
    from (
        select
            node_a as node_key,
            node_b as neighbour
        from {{ name }}edge_{{ number }}
        union all
        select
            node_b as node_key,
            node_a as neighbour
        from {{ name }}edge_{{ number }}
    ) as ends
    group by node_key

{% endcall %},

{% call kept_cte(name ~ 'half_moved_' ~ number) %}

    select
        move.moved_to as moved_a,
        edge.node_b
    from {{ name }}edge_{{ number }} as edge
    inner join {{ name }}move_{{ number }} as move on edge.node_a = move.node_key

{% endcall %},

{% call kept_cte(name ~ 'edge_' ~ (number + 1)) %}

    select distinct
        least(half_moved.moved_a, move.moved_to) as node_a,
        greatest(half_moved.moved_a, move.moved_to) as node_b
    from {{ name }}half_moved_{{ number }} as half_moved
    inner join {{ name }}move_{{ number }} as move on half_moved.node_b = move.node_key
    where half_moved.moved_a != move.moved_to

{% endcall %},

{% endmacro %}


{#- Where the nodes that moved in a round ended, from where those ended that moved in the round after it. From the last
    round to the first each join is as large as its round, and few nodes move after the first two. -#}
{% macro contraction_root(number, name, is_last) %}
{% call kept_cte(name ~ 'root_' ~ number) %}

    select
        move.node_key,
        {%- if is_last %}
        move.moved_to as customer_key
    from {{ name }}move_{{ number }} as move
        {%- else %}
        coalesce(root.customer_key, move.moved_to) as customer_key
    from {{ name }}move_{{ number }} as move
    left join {{ name }}root_{{ number + 1 }} as root on move.moved_to = root.node_key
        {%- endif %}

{% endcall %},
{% endmacro %}


{#- Whether so many links of so many identities join them all, where a count tells; null where it doesn't: it takes one link
    less than there are identities, and of three identities any two links do. -#}
{% macro joined_by_count(identities, links) -%}
    case
        when coalesce({{ links }}, 0) < {{ identities }} - 1 or {{ identities }} = 0 then false
        when {{ identities }} <= 3 then true
    end
{%- endmacro %}


{#- Kinds of nodes by which people are reached; a customer number is given by a partner, a unit is bought. -#}
{% macro address_kinds() -%}
    {{ return("('email', 'phone')") }}
{%- endmacro %}


{#- Both directions of a relation of pairs: what each node meets. -#}
{% macro ends_of(pairs) %}
    select
        node_a as node_key,
        kind_a as node_kind,
        node_b as neighbour,
        kind_b as neighbour_kind
    from {{ pairs }}
    union all
    select
        node_b as node_key,
        kind_b as node_kind,
        node_a as neighbour,
        kind_a as neighbour_kind
    from {{ pairs }}
{%- endmacro %}


{#- Which of the claimed addresses several people claim. `claims`: a place, the party that its claimants are one of, a
    claimant, and the claimant's other identities, a row each. A claimant is somebody of their own who has an identity that
    no other claimant has, and shares no further address with another one: two numbers that agree in e-mail and phone are
    one person's. -#}
{% macro claimed_by_several(claims) %}
    select place
    from (
        select
            place,
            party,
            claimant,
            coalesce(max(case when claimants = 1 then 1 end), 0) = 1
            and coalesce(max(case when claimants > 1 and other_kind in {{ address_kinds() }} then 1 end), 0) = 0
                as is_own_person
        from (
            select
                *,
                count(*) over (partition by place, party, other) as claimants
            from {{ claims }}
        ) as counted
        group by place, party, claimant
    ) as claimants
    group by place, party
    having count(*) filter (where is_own_person) > 1
{%- endmacro %}


{#- The pairs that link: none with a hub, none between an account and what its drivers have. -#}
{% macro linking_pairs() %}
    select
        pairs.node_a,
        pairs.node_b,
        pairs.kind_a,
        pairs.kind_b
    from {{ ref('int_identity_pair') }} as pairs
    left join {{ ref('int_identity_hub') }} as hub_a on pairs.node_a = hub_a.node_key
    left join {{ ref('int_identity_hub') }} as hub_b on pairs.node_b = hub_b.node_key
    left join {{ ref('int_identity_fleet') }} as fleet on pairs.node_a = fleet.node_a and pairs.node_b = fleet.node_b
    where hub_a.node_key is null and hub_b.node_key is null and fleet.node_a is null
{%- endmacro %}


{#- The pairs that link in the clusters that are looked at again: none with what is cut there. What was decided stays. -#}
{% macro suspect_edges() %}
    select
        pairs.node_a,
        pairs.node_b
    from ({{ linking_pairs() }}) as pairs
    inner join {{ ref('int_identity_suspect') }} as suspects on pairs.node_a = suspects.node_key
    left join {{ ref('int_identity_strand') }} as strand_a on pairs.node_a = strand_a.node_key
    left join {{ ref('int_identity_strand') }} as strand_b on pairs.node_b = strand_b.node_key
    where strand_a.node_key is null and strand_b.node_key is null
    union all
    select
        decisions.node_a,
        decisions.node_b
    from {{ ref('int_identity_decision') }} as decisions
    inner join {{ ref('int_identity_suspect') }} as suspects on decisions.node_a = suspects.node_key
    where decisions.is_same
{%- endmacro %}


{#- Every pair of kinds of nodes that the records of a data set name, as (data set, kind, kind). -#}
{% macro pairs_of(records) -%}
    {%- set pairs = [] -%}
    {%- for dataset, identities in records.items() -%}
        {%- set kinds = [] -%}
        {%- for kind in identities -%}
            {%- do kinds.append(node_kinds()[kind]) -%}
        {%- endfor -%}
        {%- for a in kinds -%}
            {%- for b in kinds[loop.index:] -%}
                {%- do pairs.append((dataset, a, b)) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(pairs) }}
{%- endmacro %}
