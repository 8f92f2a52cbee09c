with

transactions as (

    select * from {{ ref('fct_transaction') }}
    -- what customers pay, less what they brought back; the manufacturer's warranty payments are not theirs
    where is_customer_paid or transaction_kind = 'return'

),

customers_won as (

    select * from {{ ref('int_customer_won') }}

),

period as (

    select * from {{ ref('int_period') }}

),

by_customer as (

    select
        chain_key,
        customer_key,
        {{ quarter_start('transaction_on') }} as quarter_start_on,
        sum(revenue_eur) as revenue_eur,
        min(transaction_on) as first_on
    from transactions
    group by chain_key, customer_key, {{ quarter_start('transaction_on') }}

),

chain_quarters as (

    select
        chain_key,
        quarter_start_on,
        cast({{ dbt.dateadd('month', 3, 'quarter_start_on') }} as date) as next_quarter_on,
        cast({{ dbt.dateadd('month', -9, 'quarter_start_on') }} as date) as year_from,
        cast({{ dbt.dateadd('month', -21, 'quarter_start_on') }} as date) as previous_year_from,
        min(min(first_on)) over (partition by chain_key) as history_from
    from by_customer
    group by chain_key, quarter_start_on

),

years as (

    select
        chain_quarters.*,
        -- a shop that opens its doors on 2 January has sold all through January
        {{ first_of_month('chain_quarters.history_from') }} <= chain_quarters.previous_year_from as is_comparable
    from chain_quarters
    cross join period
    where chain_quarters.next_quarter_on <= {{ add_days('period.trailing_to', 1) }}

),

customer_years as (

    select
        years.chain_key,
        years.quarter_start_on,
        years.year_from,
        by_customer.customer_key,
        sum(case when by_customer.quarter_start_on >= years.year_from then by_customer.revenue_eur else 0 end)
            as revenue_eur,
        sum(case when by_customer.quarter_start_on < years.year_from then by_customer.revenue_eur else 0 end)
            as revenue_before_eur
    from years
    inner join by_customer
        on
            years.chain_key = by_customer.chain_key
            and by_customer.quarter_start_on between years.previous_year_from and years.quarter_start_on
    where years.is_comparable
    group by years.chain_key, years.quarter_start_on, years.year_from, by_customer.customer_key

),

grouped as (

    select
        customer_years.chain_key,
        customer_years.quarter_start_on,
        customer_years.revenue_eur,
        customer_years.revenue_before_eur,
        case
            when customer_years.customer_key is null then 'unattributed'
            when customer_years.revenue_before_eur > 0 then 'existing'
            when customers_won.won_on >= customer_years.year_from then customers_won.acquisition_kind
            else 'won_back'
        end as customer_group
    from customer_years
    left join customers_won
        on
            customer_years.customer_key = customers_won.customer_key
            and customer_years.chain_key = customers_won.chain_key

),

summed as (

    select
        chain_key,
        quarter_start_on,
        count(*) filter (where customer_group = 'existing') as customers_before,
        sum(case when customer_group = 'existing' then revenue_before_eur else 0 end) as revenue_before_eur,
        sum(case when customer_group = 'existing' then revenue_eur else 0 end) as revenue_kept_eur,
        sum(case when customer_group = 'existing' then least(revenue_eur, revenue_before_eur) else 0 end)
            as revenue_kept_at_most_eur,
        sum(case when customer_group = 'won_back' then revenue_eur else 0 end) as won_back_revenue_eur,
        sum(case when customer_group = 'unattributed' then revenue_eur else 0 end) as unattributed_revenue_eur,
        {%- for kind in ['earned', 'bought', 'unknown'] %}
            sum(case when customer_group = '{{ kind }}' then revenue_eur else 0 end) as {{ kind }}_new_revenue_eur,
            count(*) filter (where customer_group = '{{ kind }}')
                as {{ kind }}_new_customers{% if not loop.last %},{% endif %}
        {%- endfor %}
    from grouped
    group by chain_key, quarter_start_on

)

select
    years.chain_key,
    years.quarter_start_on,
    years.year_from,
    {{ add_days('years.next_quarter_on', -1) }} as year_to,
    years.is_comparable,
    summed.customers_before,
    summed.revenue_before_eur,
    summed.revenue_kept_eur,
    summed.revenue_kept_at_most_eur,
    summed.won_back_revenue_eur,
    summed.unattributed_revenue_eur,
    {%- for kind in ['earned', 'bought', 'unknown'] %}
        summed.{{ kind }}_new_customers,
        summed.{{ kind }}_new_revenue_eur{% if not loop.last %},{% endif %}
    {%- endfor %}
from years
left join summed
    on years.chain_key = summed.chain_key and years.quarter_start_on = summed.quarter_start_on
