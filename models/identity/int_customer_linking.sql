{#- What holds a customer's records together, where it is not numbers alone. Of nearly all customers a count of links
    tells; only who has more than three identities, and enough links between them, is joined by rounds. Identities that such
    rounds don't join count as apart. -#}
{%- set is_address = 'node_kind in ' ~ address_kinds() -%}
-- noqa: disable=LT02
with

-- an only number joins all that have it; without addresses, numbers join all there is
{% call kept_cte('linking_customer') %}

    select
        sizes.component_key,
        coalesce(customer_keys.customer_key, {{ usual_customer_key('sizes.component_key') }}) as customer_key,
        sizes.numbers,
        sizes.numbers + sizes.emails as numbers_and_emails,
        sizes.phones
    from (
        select
            customer_key as component_key,
            count(*) filter (where not {{ is_address }}) as numbers,
            count(*) filter (where node_kind = 'email') as emails,
            count(*) filter (where node_kind = 'phone') as phones
        from {{ ref('int_identity_node') }}
        where customer_key is not null
        group by customer_key
    ) as sizes
    left join {{ ref('int_customer_key') }} as customer_keys on sizes.component_key = customer_keys.component_key
    where sizes.phones > 0 or (sizes.emails > 0 and sizes.numbers != 1)

{% endcall %},

-- records that no number of their customer names
{% call kept_cte('linking_record') %}

    select
        customer_key,
        max(case when held_by = 'phone' then 1 else 0 end) as hangs_on_phone
    from (
        {% for events in ['int_contact', 'int_survey_invitation', 'int_survey_response'] -%}
            select
                customer_key,
                held_by
            from {{ ref(events) }}
            where held_by in {{ address_kinds() }}
            {% if not loop.last %}
                union all

            {% endif -%}
        {% endfor %}
    ) as records
    group by customer_key

{% endcall %},

{% call kept_cte('linking_node') %}

    select
        nodes.node_key,
        nodes.node_kind,
        customers.component_key
    from linking_customer as customers
    inner join {{ ref('int_identity_node') }} as nodes on customers.component_key = nodes.customer_key
    left join linking_record as records on customers.customer_key = records.customer_key
    where
        nodes.node_kind != 'phone'
        and customers.numbers_and_emails > 1
        and (customers.numbers != 1 or records.customer_key is not null)

{% endcall %},

{% call kept_cte('linking_edge') %}

    select
        nodes_a.component_key,
        pairs.node_a,
        pairs.node_b,
        not nodes_a.{{ is_address }} and not nodes_b.{{ is_address }} as is_of_numbers
    from (
        select
            node_a,
            node_b
        from {{ ref('int_identity_pair') }}
        where kind_a != 'phone' and kind_b != 'phone'
        union
        select
            node_a,
            node_b
        from {{ ref('int_identity_decision') }}
        where is_same
    ) as pairs
    inner join linking_node as nodes_a on pairs.node_a = nodes_a.node_key
    inner join linking_node as nodes_b
        on pairs.node_b = nodes_b.node_key and nodes_a.component_key = nodes_b.component_key
    left join {{ ref('int_identity_fleet') }} as fleet on pairs.node_a = fleet.node_a and pairs.node_b = fleet.node_b
    where fleet.node_a is null

{% endcall %},

{% call kept_cte('linking_count') %}

    select
        customers.component_key,
        customers.customer_key,
        customers.numbers,
        customers.numbers_and_emails,
        {{ joined_by_count('customers.numbers', 'links.of_numbers') }} as is_joined_by_numbers,
        case
            when customers.phones = 0 then true
            else {{ joined_by_count('customers.numbers_and_emails', 'links.of_all') }}
        end as is_joined_without_phones
    from linking_customer as customers
    left join (
        select
            component_key,
            count(*) filter (where is_of_numbers) as of_numbers,
            count(*) as of_all
        from linking_edge
        group by component_key
    ) as links on customers.component_key = links.component_key

{% endcall %},

-- the two questions in the same rounds: identities below 0 stand for those of the second
{% call kept_cte('linking_edge_0') %}

    select
        edges.node_a,
        edges.node_b
    from linking_edge as edges
    inner join linking_count as counts on edges.component_key = counts.component_key
    where edges.is_of_numbers and counts.is_joined_by_numbers is null
    union all
    select
        -edges.node_b as node_a,
        -edges.node_a as node_b
    from linking_edge as edges
    inner join linking_count as counts on edges.component_key = counts.component_key
    where counts.is_joined_without_phones is null

{% endcall %},

{{ components('linking_') }},

joined_in_rounds as (

    select
        nodes.component_key,
        max(case when parts.root > 0 and parts.identities = counts.numbers then 1 else 0 end) as by_numbers,
        max(case when parts.root < 0 and parts.identities = counts.numbers_and_emails then 1 else 0 end)
            as without_phones
    from (
        select
            customer_key as root,
            count(*) as identities
        from linking_roots
        group by customer_key
    ) as parts
    inner join linking_node as nodes on abs(parts.root) = nodes.node_key
    inner join linking_count as counts on nodes.component_key = counts.component_key
    group by nodes.component_key

),

judged as (

    select
        counts.customer_key,
        coalesce(counts.is_joined_by_numbers, joined_in_rounds.by_numbers = 1, false) as is_joined_by_numbers,
        coalesce(counts.is_joined_without_phones, joined_in_rounds.without_phones = 1, false)
            as is_joined_without_phones
    from linking_count as counts
    left join joined_in_rounds on counts.component_key = joined_in_rounds.component_key

)

select
    coalesce(judged.customer_key, records.customer_key) as customer_key,
    case
        when coalesce(judged.is_joined_without_phones, true) and coalesce(records.hangs_on_phone, 0) = 0 then 'email'
        else 'phone'
    end as held_by
from judged
full outer join linking_record as records on judged.customer_key = records.customer_key
where records.customer_key is not null or not judged.is_joined_by_numbers
