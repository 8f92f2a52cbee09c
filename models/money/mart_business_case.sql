{%- set reasons = [
    'recommendation', 'reputation', 'advertising', 'location', 'price', 'sales_effort', 'unknown',
] -%}
with

buckets as (

    select * from {{ ref('int_business_bucket') }}

),

replicates as (

    select * from {{ ref('int_business_replicate') }}

),

link_costs as (

    select * from {{ ref('fct_link_cost') }}

),

customers_won as (

    select * from {{ ref('int_customer_won') }}

),

evidence as (

    select * from {{ ref('int_link_evidence') }}

),

nps_quarters as (

    select * from {{ ref('mart_nps_by_link') }}

),

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

links as (

    select * from {{ ref('links') }}

),

period as (

    select * from {{ ref('int_period') }}

),

met as (

    select
        chain_link_key,
        quarter_start_on,
        sum(exposed) as exposed_customers,
        sum(complaints) as complaints,
        sum(customers_with_margin) as customers_with_margin,
        sum(margin_eur) as margin_eur
    from buckets
    group by chain_link_key, quarter_start_on

),

costs as (

    select
        chain_link_key,
        quarter_start_on,
        count(*) as cost_months,
        sum(programme_cost_eur) as programme_cost_eur,
        cast(sum(head_count) as double) / nullif(count(head_count), 0) as head_count
    from link_costs
    group by chain_link_key, quarter_start_on

),

won as (

    select
        chain_link_key,
        {{ quarter_start('won_on') }} as quarter_start_on,
        {%- for reason in reasons %}
            count(*) filter (where reason_code = '{{ reason }}') as new_customers_{{ reason }},
        {%- endfor %}
        count(*) as new_customers
    from customers_won
    group by chain_link_key, {{ quarter_start('won_on') }}

),

intervals as (

    select
        chain_link_key,
        quarter_start_on,
        percentile_cont(0.025) within group (order by loss_avoided_eur) as loss_avoided_ci_low_eur,
        percentile_cont(0.975) within group (order by loss_avoided_eur) as loss_avoided_ci_high_eur
    from replicates
    where replicate > 0
    group by chain_link_key, quarter_start_on
    -- quantiles pass over a replicate without a figure
    having count(loss_avoided_eur) >= {{ 1 - var('joint_max_failed_share') }} * count(*)

),

link_quarters as (

    select
        chain_link_key,
        quarter_start_on
    from met

    union distinct

    select
        chain_link_key,
        quarter_start_on
    from costs

),

measured as (

    select
        link_quarters.chain_link_key,
        link_quarters.quarter_start_on,
        cast({{ dbt.dateadd('year', -1, 'link_quarters.quarter_start_on') }} as date) as year_earlier_on,
        coalesce(met.exposed_customers, 0) as exposed_customers,
        coalesce(met.customers_with_margin, 0) as customers_with_margin,
        coalesce(met.complaints, 0) as complaints,
        1000 * {{ money_ratio('met.complaints', 'met.exposed_customers') }} as complaints_per_1000,
        {{ money_ratio('met.margin_eur', 'met.customers_with_margin') }} as margin_per_customer_eur,
        nps_quarters.is_suppressed
    from link_quarters
    cross join period
    left join met
        on
            link_quarters.chain_link_key = met.chain_link_key
            and link_quarters.quarter_start_on = met.quarter_start_on
    left join nps_quarters
        on
            link_quarters.chain_link_key = nps_quarters.chain_link_key
            and link_quarters.quarter_start_on = nps_quarters.quarter_start_on
    where link_quarters.quarter_start_on <= period.trailing_to

),

judged as (

    select
        measured.*,
        year_earlier.complaints_per_1000 as year_earlier_complaints_per_1000,
        -- a loss is worked out from the scores, and must not give away those of a hidden quarter
        case
            when coalesce(measured.is_suppressed, true) then 'the scores of the quarter are too few to show'
            when evidence.missing_evidence is not null then evidence.missing_evidence
            when measured.exposed_customers < {{ var('min_responses_shown') }}
                then 'fewer than {{ var("min_responses_shown") }} customers met the link'
        end as missing_loss,
        case
            when year_earlier.chain_link_key is null then 'no data of the same quarter a year earlier'
            when coalesce(year_earlier.is_suppressed, true)
                then 'the scores of the same quarter a year earlier are too few to show'
        end as missing_comparison
    from measured
    left join measured as year_earlier
        on
            measured.chain_link_key = year_earlier.chain_link_key
            and measured.year_earlier_on = year_earlier.quarter_start_on
    left join evidence on measured.chain_link_key = evidence.chain_link_key

),

priced as (

    select
        judged.*,
        coalesce(costs.cost_months, 0) as cost_months,
        -- a quarter of fewer than three months would look cheap
        case when costs.cost_months = 3 then costs.programme_cost_eur end as programme_cost_eur,
        costs.head_count,
        estimates.value_at_stake_eur,
        estimates.expected_lost_customers,
        estimates.lost_customers_avoided,
        estimates.loss_avoided_eur,
        intervals.loss_avoided_ci_low_eur,
        intervals.loss_avoided_ci_high_eur,
        judged.missing_loss is null as has_loss,
        judged.missing_loss is null and judged.missing_comparison is null as has_comparison
    from judged
    left join costs
        on judged.chain_link_key = costs.chain_link_key and judged.quarter_start_on = costs.quarter_start_on
    left join replicates as estimates
        on
            judged.chain_link_key = estimates.chain_link_key
            and judged.quarter_start_on = estimates.quarter_start_on
            and estimates.replicate = 0
    left join intervals
        on judged.chain_link_key = intervals.chain_link_key and judged.quarter_start_on = intervals.quarter_start_on

)

select
    chain_links.chain_link_key,
    priced.quarter_start_on,
    chain_links.chain_code,
    chain_links.link_code,
    cast(priced.programme_cost_eur as {{ euros_sum_type() }}) as programme_cost_eur,
    priced.head_count,
    {{ money_ratio('priced.programme_cost_eur', 'priced.head_count') }} as cost_per_employee_eur,
    cast(priced.exposed_customers as bigint) as exposed_customers,
    case when priced.has_loss then priced.expected_lost_customers end as expected_lost_customers,
    case when priced.has_loss then priced.value_at_stake_eur end as value_at_stake_one_by_one_eur,
    case when priced.has_comparison then priced.lost_customers_avoided end as lost_customers_avoided,
    case when priced.has_comparison then priced.loss_avoided_eur end as loss_avoided_eur,
    case when priced.has_comparison then priced.loss_avoided_ci_low_eur end as loss_avoided_ci_low_eur,
    case when priced.has_comparison then priced.loss_avoided_ci_high_eur end as loss_avoided_ci_high_eur,
    {%- for figure, gain in [
            ('roi', 'loss_avoided_eur'), ('roi_ci_low', 'loss_avoided_ci_low_eur'), ('roi_ci_high', 'loss_avoided_ci_high_eur'),
        ] %}
        case
            when priced.has_comparison
                then {{ return_on_investment('priced.' ~ gain, 'priced.programme_cost_eur') }}
        end as {{ figure }},
    {%- endfor %}
    cast(priced.complaints as bigint) as complaints,
    priced.complaints_per_1000,
    1000 * {{ wilson_low('priced.complaints', 'priced.exposed_customers') }} as complaints_per_1000_ci_low,
    1000 * {{ wilson_high('priced.complaints', 'priced.exposed_customers') }} as complaints_per_1000_ci_high,
    priced.complaints_per_1000 - priced.year_earlier_complaints_per_1000 as complaints_per_1000_change,
    case
        when priced.customers_with_margin >= {{ var('min_responses_shown') }} then priced.margin_per_customer_eur
    end as margin_per_customer_eur,
    case when links.is_point_of_sale then coalesce(won.new_customers, 0) end as new_customers,
    {%- for reason in reasons %}
        case when links.is_point_of_sale then coalesce(won.new_customers_{{ reason }}, 0) end
            as new_customers_{{ reason }},
    {%- endfor %}
    coalesce(
        priced.missing_loss,
        priced.missing_comparison,
        case
            when priced.cost_months < 3
                then concat(
                    'programme cost of ',
                    cast(priced.cost_months as {{ dbt.type_string() }}),
                    ' of 3 months only'
                )
            when priced.programme_cost_eur = 0 then 'the programme cost nothing'
        end
    ) as missing_evidence
from priced
inner join chain_links on priced.chain_link_key = chain_links.chain_link_key
inner join links on chain_links.link_key = links.link_key
left join won on priced.chain_link_key = won.chain_link_key and priced.quarter_start_on = won.quarter_start_on
