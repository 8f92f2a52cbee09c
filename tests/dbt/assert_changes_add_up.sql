-- Over the members of a total, the parts of a change are the change; shown totals are those of the NPS marts; a rule of
-- the journey is best in at most one place.
with

nps_parts as (

    select
        concat_ws(' ', 'mart_nps_change', dimension, comparison, chain_code, link_code) as total_name,
        quarter_start_on,
        sum(effect) as effect,
        max(total_nps_change) as total_change,
        sum(response_share) as share_sum
    from {{ ref('mart_nps_change') }}
    where total_nps_change is not null
    group by dimension, comparison, chain_code, link_code, quarter_start_on

),

retention_parts as (

    select
        concat_ws(' ', 'mart_retention_change', comparison, chain_code) as total_name,
        quarter_start_on,
        sum(effect) as effect,
        max(chain_retention_change) as total_change,
        sum(response_share) as share_sum
    from {{ ref('mart_retention_change') }}
    where chain_retention_change is not null
    group by comparison, chain_code, quarter_start_on

),

parts as (

    select * from nps_parts
    union all
    select * from retention_parts

)

select
    total_name,
    quarter_start_on,
    effect,
    total_change,
    share_sum
from parts
where abs(effect - total_change) > 1e-9 or abs(share_sum - 1) > 1e-9

union all

select
    concat_ws(' ', 'mart_nps_change and mart_nps_by_link', changes.chain_code, changes.link_code) as total_name,
    changes.quarter_start_on,
    cast(null as double) as effect,
    changes.total_nps as total_change,
    by_link.nps as share_sum
from {{ ref('mart_nps_change') }} as changes
inner join {{ ref('mart_nps_by_link') }} as by_link
    on changes.chain_link_key = by_link.chain_link_key and changes.quarter_start_on = by_link.quarter_start_on
where
    (abs(changes.total_nps - by_link.nps) > 1e-9 and changes.comparison != 'trailing')
    or (changes.total_nps is not null and by_link.is_suppressed)

union all

select
    concat_ws(' ', 'mart_journey_rule', chain_code) as total_name,
    cast(null as date) as quarter_start_on,
    cast(null as double) as effect,
    cast(null as double) as total_change,
    cast(count(distinct journey_rule) as double) as share_sum
from {{ ref('mart_journey_rule') }}
where is_best_rule
group by chain_code
having count(distinct journey_rule) > 1
