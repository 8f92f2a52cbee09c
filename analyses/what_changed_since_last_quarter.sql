-- What changed since last quarter, and is it that partners score otherwise or that other partners answer?
-- One row per chain and link whose last whole quarter and the one before are both shown. mix_effect and rate_effect
-- add up to the change (Kitagawa 1955); total_change_p asks whether chance alone could have made it.
with

changes as (

    select * from {{ ref('mart_nps_change') }}
    where dimension = 'partner' and comparison = 'quarter'

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
    changes.total_change_p as p_value,
    sum(changes.mix_effect) as mix_effect,
    sum(changes.rate_effect) as rate_effect
from changes
inner join latest on changes.quarter_start_on = latest.quarter_start_on
inner join {{ ref('dim_chain_link') }} as links on changes.chain_link_key = links.chain_link_key
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
    changes.total_change_p
order by changes.chain_code, links.link_position
