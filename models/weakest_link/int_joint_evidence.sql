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
            when controlled.other_links is null then 'alone_in_chain'
            when controlled.links_held_constant = 0 then 'few_pairs'
            when solved.estimate is null then 'inseparable'
            when solved.failed_share > {{ var('joint_max_failed_share') }} then 'unstable_model'
        end as one_by_one_reason_code
    from chain_links
    left join controlled on chain_links.chain_link_key = controlled.chain_link_key
    left join solved on chain_links.chain_link_key = solved.chain_link_key

)

select
    chain_link_key,
    case when one_by_one_reason_code is null then 'joint' else 'one_by_one' end as loss_model,
    one_by_one_reason_code,
    case when one_by_one_reason_code is null then held_constant end as held_constant,
    case when one_by_one_reason_code is null then left_out end as left_out,
    -- a loss that goes with another link's score too is counted here in part
    one_by_one_reason_code is not null or left_out is not null as is_upper_bound,
    coalesce(one_by_one_reason_code, case when left_out is not null then 'links_left_out' end) as upper_bound_code
from explained
