-- What changed since last quarter, and is it that partners score otherwise or that other partners answer?
-- One row per chain and link whose last whole quarter and the one before are both shown. mix_effect and rate_effect
-- add up to the change (Kitagawa 1955); p_value asks whether chance alone could have made the link's change.
-- partners_changed are those whose own NPS changed beyond chance, many being looked at.
with

changes as (

    select * from {{ ref('mart_nps_change') }}
    where dimension = 'partner' and comparison = 'quarter'

),

link_changes as (

    select * from {{ ref('mart_nps_change') }}
    where dimension = 'link' and comparison = 'quarter'

),

latest as (

    select max(quarter_start_on) as quarter_start_on
    from changes

)

select
    links.chain_name,
    links.link_name,
    changes.chain_code,
    changes.link_code,
    changes.quarter_start_on,
    changes.previous_quarter_start_on,
    changes.previous_total_nps as previous_nps,
    changes.total_nps as nps,
    changes.total_nps_change as nps_change,
    link_changes.nps_change_ci_low,
    link_changes.nps_change_ci_high,
    link_changes.p_value,
    sum(case when changes.q_value <= {{ var('false_discovery_rate') }} then 1 else 0 end) as partners_changed,
    sum(changes.mix_effect) as mix_effect,
    sum(changes.rate_effect) as rate_effect
from changes
inner join latest on changes.quarter_start_on = latest.quarter_start_on
inner join {{ ref('dim_chain_link') }} as links on changes.chain_link_key = links.chain_link_key
left join link_changes
    on
        changes.chain_key = link_changes.chain_key
        and changes.link_code = link_changes.member_code
        and changes.quarter_start_on = link_changes.quarter_start_on
group by
    links.chain_name,
    links.link_name,
    links.link_position,
    changes.chain_code,
    changes.link_code,
    changes.quarter_start_on,
    changes.previous_quarter_start_on,
    changes.previous_total_nps,
    changes.total_nps,
    changes.total_nps_change,
    link_changes.nps_change_ci_low,
    link_changes.nps_change_ci_high,
    link_changes.p_value
order by changes.chain_code, links.link_position
