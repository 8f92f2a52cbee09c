-- What became of promoters, passives and detractors: who came back to the chain within the industry's window?
-- One row per chain and link. log_rank_p asks whether the categories differ at all; retention is Kaplan-Meier's, so
-- customers whose window hasn't passed yet count as long as they were followed.
with

retention as (

    select * from {{ ref('mart_retention_by_nps_category') }}
    where retention_measure = 'chain' and is_retention_window

),

side_by_side as (

    select
        chain_link_key,
        max(horizon_days) as window_days,
        {%- for category in ['promoter', 'passive', 'detractor'] %}
            max(case when nps_category = '{{ category }}' then at_risk_at_start end) as {{ category }}s,
            max(case when nps_category = '{{ category }}' then retention end) as {{ category }}_retention,
            max(case when nps_category = '{{ category }}' then retention_ci_low end) as {{ category }}_ci_low,
            max(case when nps_category = '{{ category }}' then retention_ci_high end) as {{ category }}_ci_high,
        {%- endfor %}
        max(log_rank_p) as log_rank_p
    from retention
    group by chain_link_key

)

select
    links.chain_name,
    links.link_name,
    links.chain_code,
    links.link_code,
    side_by_side.window_days,
    {%- for category in ['promoter', 'passive', 'detractor'] %}
        side_by_side.{{ category }}s,
        side_by_side.{{ category }}_retention,
        side_by_side.{{ category }}_ci_low,
        side_by_side.{{ category }}_ci_high,
    {%- endfor %}
    side_by_side.promoter_retention - side_by_side.detractor_retention as gap,
    side_by_side.log_rank_p
from side_by_side
inner join {{ ref('dim_chain_link') }} as links on side_by_side.chain_link_key = links.chain_link_key
order by links.chain_code, links.link_position
