{#- Whether the joint model gives a link's figures; if not, they are those of the link taken alone, and why. -#}
with

controls as (

    select * from {{ ref('int_joint_control') }}

),

replicates as (

    select * from {{ ref('int_joint_replicate') }}
    where replicate >= 0

),

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

controlled as (

    select
        chain_link_key,
        count(*) as other_links,
        sum(case when is_controlled then 1 else 0 end) as links_held_constant,
        nullif({{ text_list('case when is_controlled then control_link_name end', 'control_place') }}, '')
            as held_constant,
        nullif({{ text_list('case when not is_controlled then control_link_name end', 'control_place') }}, '')
            as left_out
    from controls
    group by chain_link_key

),

solved as (

    select
        chain_link_key,
        max(case when replicate = 0 then excess_loss + excess_loss_crude end) as estimate,
        cast(sum(case when excess_loss + excess_loss_crude is null then 1 else 0 end) as double) / count(*)
            as failed_share
    from replicates
    group by chain_link_key

),

explained as (

    select
        chain_links.chain_link_key,
        controlled.held_constant,
        controlled.left_out,
        case
            when controlled.other_links is null then 'the chain has no other link'
            when controlled.links_held_constant = 0
                then 'fewer than {{ var("joint_min_pairs") }} of its answers came with an earlier one on another link'
            when solved.estimate is null then 'the scores of its customers determine no joint model'
            when solved.failed_share > {{ var('joint_max_failed_share') }}
                then 'many bootstrap replicates determine no joint model'
        end as one_by_one_reason
    from chain_links
    left join controlled on chain_links.chain_link_key = controlled.chain_link_key
    left join solved on chain_links.chain_link_key = solved.chain_link_key

)

select
    chain_link_key,
    case when one_by_one_reason is null then 'joint' else 'one_by_one' end as loss_model,
    one_by_one_reason,
    case when one_by_one_reason is null then held_constant end as held_constant,
    case when one_by_one_reason is null then left_out end as left_out
from explained
