-- What does each link cost: its customer programme, and the customers that are lost over it?
-- One row per chain and link over the last four whole quarters. The programme's cost is known, what is at stake is an
-- estimate with an interval: docs/methods.md, section 5. Links of a chain may be added, but for those whose loss_model
-- is one_by_one.
with

stakes as (

    select * from {{ ref('mart_weakest_link') }}

),

programme_costs as (

    select
        link_costs.chain_link_key,
        count(*) as months_counted,
        sum(link_costs.programme_cost_eur) as programme_cost_eur,
        avg(link_costs.head_count) as mean_head_count
    from {{ ref('fct_link_cost') }} as link_costs
    inner join stakes
        on
            link_costs.chain_link_key = stakes.chain_link_key
            and link_costs.month_start_on between stakes.period_from and stakes.period_to
    group by link_costs.chain_link_key

)

select
    stakes.chain_name,
    stakes.link_name,
    stakes.chain_code,
    stakes.link_code,
    stakes.period_from,
    stakes.period_to,
    programme_costs.months_counted,
    programme_costs.programme_cost_eur,
    programme_costs.mean_head_count,
    stakes.exposed_customers,
    cast(programme_costs.programme_cost_eur as double) / nullif(stakes.exposed_customers, 0) as cost_per_customer_eur,
    stakes.attributable_lost_customers,
    stakes.value_at_stake_eur,
    stakes.value_at_stake_eur_ci_low,
    stakes.value_at_stake_eur_ci_high,
    stakes.loss_model
from stakes
left join programme_costs on stakes.chain_link_key = programme_costs.chain_link_key
order by stakes.chain_code, stakes.link_position
