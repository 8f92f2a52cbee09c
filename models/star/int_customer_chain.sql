with

transactions as (

    select * from {{ ref('fct_transaction') }}

),

nodes as (

    select * from {{ ref('int_customer_node') }}

),

responses as (

    select * from {{ ref('fct_nps_response') }}

),

contacts as (

    select * from {{ ref('fct_contact') }}

),

invitations as (

    select * from {{ ref('fct_survey_invitation') }}

),

period as (

    select * from {{ ref('int_period') }}

),

registered as (

    {% for dataset in datasets_of('party') -%}
        select
            chain_key,
            {{ customer_column(dataset) }} as node_key,
            {{ named(column_or_null(dataset, 'segment', dbt.type_string()), 'segment') }},
            {{ named(day_of(dataset) or 'cast(null as date)', 'customer_since') }}
        from {{ ref('stg_' ~ dataset) }}
        {% if not loop.last %}
            union all

        {% endif -%}
    {% endfor %}

),

signs_of_life as (

    select
        nodes.customer_key,
        registered.chain_key,
        min(registered.customer_since) as first_on,
        -- a company that also holds a private account is a company
        min(registered.segment) as segment
    from registered
    inner join nodes on {{ node_of('registered.node_key', 'nodes', 'customer') }}
    group by nodes.customer_key, registered.chain_key

    union all

    -- who only called or was only asked has met a link too
    {% for events, day in [
        ('transactions', 'transaction_on'),
        ('contacts', 'opened_on'),
        ('invitations', 'sent_on'),
        ('responses', 'response_on'),
    ] -%}
        select
            customer_key,
            chain_key,
            {{ day }} as first_on,
            cast(null as {{ dbt.type_string() }}) as segment
        from {{ events }}
        where customer_key is not null
        {% if not loop.last %}
            union all

        {% endif -%}
    {% endfor %}

)

select
    signs_of_life.customer_key,
    signs_of_life.chain_key,
    min(signs_of_life.first_on) as first_on,
    coalesce(min(signs_of_life.segment), 'unknown') as segment
from signs_of_life
cross join period
where signs_of_life.first_on is null or signs_of_life.first_on <= period.as_of_on
group by signs_of_life.customer_key, signs_of_life.chain_key
