with

ownership as (

    select * from {{ ref('int_ownership') }}

),

touched_nodes as (

    select * from {{ ref('int_touched_node') }}

),

{% if loads_changes() -%}
    ownership_before as (

        select * from {{ source('before', 'int_ownership') }}

    ),

    changed_units as (

        {% for dataset in datasets_of('unit') -%}
            select {{ identity_columns(dataset)['serial'] }} as serial_hash
            from {{ source('changes', dataset) }}
            {% if not loop.last %}
                union all

            {% endif -%}
        {% endfor %}

    ),

    owners_changed as (

        (select * from ownership except select * from ownership_before)
        union all
        (select * from ownership_before except select * from ownership)

    ),

    unioned as (

        select serial_hash from owners_changed

        union all

        select serial_hash from changed_units
        where serial_hash is not null

        union all

        -- the unit in the hands of one owner is a node of its own
        select ownership.serial_hash
        from ownership
        inner join touched_nodes on ownership.serial_hash + ownership.ownership_number = touched_nodes.node_key

        union all

        select node_key as serial_hash from touched_nodes

    )
{%- else -%}
    unioned as (

        select ownership.serial_hash
        from ownership
        inner join touched_nodes on ownership.serial_hash = touched_nodes.node_key

    )
{%- endif %}

select distinct serial_hash
from unioned
