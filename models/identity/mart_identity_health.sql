{%- set most = var('identity_hub_max_neighbours') -%}
with

sizes as (

    select * from {{ ref('int_identity_size') }}

),

nodes as (

    select * from {{ ref('int_identity_node') }}

),

bridges as (

    select * from {{ ref('int_identity_bridge') }}

),

responses as (

    select * from {{ ref('int_survey_response') }}

),

facts as (

    select * from {{ ref('fct_nps_response') }}

),

chains as (

    select * from {{ ref('dim_chain') }}

),

decisions as (

    select * from {{ ref('int_identity_decision') }}

),

size_bands as (

    select
        *,
        case
            when identities <= 3 then cast(identities as {{ dbt.type_string() }})
            when identities <= 6 then '4 to 6'
            when identities <= 10 then '7 to 10'
            when identities <= 20 then '11 to 20'
            else 'over 20'
        end as size_band
    from sizes

),

measured as (

    -- sizes of customers
    select
        'customers_by_size' as measure_code,
        size_band as group_code,
        'all' as chain_code,
        count(*) as cases
    from size_bands
    group by size_band

    union all

    select
        'identities_of_largest' as measure_code,
        'all' as group_code,
        'all' as chain_code,
        coalesce(max(identities), 0) as cases
    from sizes

    {% for kind in ['emails', 'phones', 'numbers_at_partner'] -%}
        union all

        -- more than one person has, after all that is cut
        select
            'customers_too_large' as measure_code,
            '{{ kind }}' as group_code,
            'all' as chain_code,
            count(*) filter (where {{ kind }} > {{ most }}) as cases
        from sizes

    {% endfor -%}

    union all

    select
        'customers_with_two_numbers_of_a_partner' as measure_code,
        'all' as group_code,
        'all' as chain_code,
        count(*) filter (where numbers_at_partner > 1) as cases
    from sizes

    union all

    -- what links nobody, and why
    select
        'cut_' || node_kind as measure_code,
        cut_reason as group_code,
        'all' as chain_code,
        count(*) as cases
    from nodes
    where is_hub
    group by node_kind, cut_reason

    union all

    select
        'clusters_taken_apart' as measure_code,
        'all' as group_code,
        'all' as chain_code,
        count(distinct cut_cluster_key) as cases
    from nodes

    union all

    select
        'bridges' as measure_code,
        node_kind as group_code,
        'all' as chain_code,
        count(*) as cases
    from bridges
    group by node_kind

    union all

    select
        'decisions' as measure_code,
        case when is_same then 'same' else 'not_same' end as group_code,
        'all' as chain_code,
        count(*) as cases
    from decisions
    group by case when is_same then 'same' else 'not_same' end

    union all

    select
        'answers_named_by' as measure_code,
        coalesce(responses.named_by, 'nobody') as group_code,
        chains.chain_code,
        count(*) as cases
    from facts
    inner join responses on facts.response_key = responses.response_key
    inner join chains on facts.chain_key = chains.chain_key
    group by coalesce(responses.named_by, 'nobody'), chains.chain_code

)

select
    measure_code,
    group_code,
    chain_code,
    cast(cases as bigint) as cases
from measured
