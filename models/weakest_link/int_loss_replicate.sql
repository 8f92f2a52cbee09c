{#- Attributable loss of each link that can be compared, in customers and euros, per bootstrap replicate (methods.md
    section 5, points 3 and 4): by the joint model, or by the link alone where there is none. -#}
with

joint_replicates as (

    select * from {{ ref('int_joint_replicate') }}

),

links as (

    select * from {{ ref('int_link_replicate') }}

),

evidence as (

    select * from {{ ref('int_link_evidence') }}

),

joint_evidence as (

    select * from {{ ref('int_joint_evidence') }}

),

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

-- one scorer who went would make a link's customers all lost, and could be told from the whole
counted_once as (

    select
        chain_links.chain_key,
        links.replicate,
        {{ stable_sum('case when evidence.is_sufficient then links.expected_lost_once end', 9) }} as expected_lost,
        {{ stable_sum('links.exposed_once', 9) }} as exposed,
        {{ stable_sum('case when evidence.is_sufficient then links.exposed_once end', 9) }}
            as exposed_to_compared_links
    from links
    inner join chain_links on links.chain_link_key = chain_links.chain_link_key
    inner join evidence on links.chain_link_key = evidence.chain_link_key
    group by chain_links.chain_key, links.replicate

),

-- customers of the chain who won't come back, each counted once; who met a link with too little data, like the rest
expected as (

    select
        chain_key,
        replicate,
        expected_lost * exposed / nullif(exposed_to_compared_links, 0) as expected_lost
    from counted_once

),

chosen as (

    select
        chain_links.chain_key,
        links.chain_link_key,
        links.replicate,
        links.exposed,
        links.margin_per_retained_eur,
        case when joint_evidence.loss_model = 'joint' then joint_replicates.excess_loss else links.excess_loss end
            as excess_loss,
        case
            when joint_evidence.loss_model = 'joint' then joint_replicates.excess_loss_crude
            else links.excess_loss_crude
        end as excess_loss_crude
    from links
    inner join chain_links on links.chain_link_key = chain_links.chain_link_key
    inner join evidence on links.chain_link_key = evidence.chain_link_key and evidence.is_sufficient
    inner join joint_evidence on links.chain_link_key = joint_evidence.chain_link_key
    inner join joint_replicates
        on links.chain_link_key = joint_replicates.chain_link_key and links.replicate = joint_replicates.replicate

)

select
    chosen.chain_key,
    chosen.chain_link_key,
    chosen.replicate,
    chosen.excess_loss,
    chosen.excess_loss_crude,
    chosen.exposed * chosen.excess_loss as attributable_lost_customers,
    chosen.exposed * chosen.excess_loss_crude as attributable_lost_customers_crude,
    chosen.exposed * chosen.excess_loss / nullif(expected.expected_lost, 0) as attributable_fraction,
    chosen.exposed * chosen.excess_loss_crude / nullif(expected.expected_lost, 0) as attributable_fraction_crude,
    chosen.exposed * chosen.excess_loss * chosen.margin_per_retained_eur as value_at_stake_eur,
    chosen.exposed * chosen.excess_loss_crude * chosen.margin_per_retained_eur as value_at_stake_crude_eur
from chosen
inner join expected on chosen.chain_key = expected.chain_key and chosen.replicate = expected.replicate
