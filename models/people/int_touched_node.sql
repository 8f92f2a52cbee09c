with

nodes as (

    select * from {{ ref('int_customer_node') }}

)

{% if loads_changes() -%}
    ,

    nodes_before as (

        select * from {{ source('before', 'int_customer_node') }}

    )

    select coalesce(nodes.node_key, nodes_before.node_key) as node_key
    from nodes
    full outer join nodes_before on nodes.node_key = nodes_before.node_key
    where
        nodes.node_key is null
        or nodes_before.node_key is null
        or nodes.is_hub != nodes_before.is_hub
        or nodes.customer_key is distinct from nodes_before.customer_key
{%- else -%}
    select node_key
    from nodes
    where false
{%- endif %}
