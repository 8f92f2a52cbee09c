with

chain_links as (

    select * from {{ ref('dim_chain_link') }}

)

{% if loads_changes() -%}
    ,

    chain_links_before as (

        select * from {{ source('before', 'dim_chain_link') }}

    )

    select distinct chain_key
    from (
        (select * from chain_links except select * from chain_links_before)
        union all
        (select * from chain_links_before except select * from chain_links)
    ) as apart
{%- else -%}
    select chain_key
    from chain_links
    where false
{%- endif %}
