{#- A customer's two years at the end of a quarter: the last purchase up to then and, of the purchase quarters before
    it, those that fall into the years. Quarters differ, so a year holds at most four of them, and looking back at
    seven finds all. Adding up a row per purchase and year instead would take a group per customer and quarter. -#}
{%- set quarters_back = range(1, 8) -%}
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
        cast(sum(revenue_eur) as {{ euros_sum_type() }}) as revenue_eur,
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

purchase_quarters as (

    select
        by_customer.chain_key,
        by_customer.customer_key,
        by_customer.quarter_start_on,
        by_customer.revenue_eur,
        customers_won.won_on,
        customers_won.acquisition_kind,
        lead(by_customer.quarter_start_on) over (
            partition by by_customer.chain_key, by_customer.customer_key
            order by by_customer.quarter_start_on
        ) as following_quarter_on,
        {%- for back in quarters_back %}
            {%- for column in ['quarter_start_on', 'revenue_eur'] %}
                lag(by_customer.{{ column }}, {{ back }}) over (
                    partition by by_customer.chain_key, by_customer.customer_key
                    order by by_customer.quarter_start_on
                ) as {{ column }}_{{ back }}{% if not loop.last %},{% endif %}
            {%- endfor %}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from by_customer
    left join customers_won
        on
            by_customer.customer_key = customers_won.customer_key
            and by_customer.chain_key = customers_won.chain_key

),

customer_years as (

    select
        years.chain_key,
        years.quarter_start_on,
        years.year_from,
        purchases.customer_key,
        purchases.won_on,
        purchases.acquisition_kind,
        case when purchases.quarter_start_on >= years.year_from then purchases.revenue_eur else 0 end
        {%- for back in quarters_back if back < 4 %}
            + case
                when purchases.quarter_start_on_{{ back }} >= years.year_from
                    then purchases.revenue_eur_{{ back }}
                else 0
            end
        {%- endfor %} as revenue_eur,
        case when purchases.quarter_start_on < years.year_from then purchases.revenue_eur else 0 end
        {%- for back in quarters_back %}
            + case
                when
                    purchases.quarter_start_on_{{ back }} >= years.previous_year_from
                    and purchases.quarter_start_on_{{ back }} < years.year_from
                    then purchases.revenue_eur_{{ back }}
                else 0
            end
        {%- endfor %} as revenue_before_eur
    from years
    inner join purchase_quarters as purchases
        on
            years.chain_key = purchases.chain_key
            and years.quarter_start_on >= purchases.quarter_start_on
            and years.previous_year_from <= purchases.quarter_start_on
            and years.quarter_start_on < {{ open_end('purchases.following_quarter_on') }}
    where years.is_comparable

),

grouped as (

    select
        chain_key,
        quarter_start_on,
        revenue_eur,
        revenue_before_eur,
        case
            when customer_key is null then 'unattributed'
            when revenue_before_eur > 0 then 'existing'
            when won_on >= year_from then acquisition_kind
            else 'won_back'
        end as customer_group
    from customer_years

),

summed as (

    select
        chain_key,
        quarter_start_on,
        count(*) filter (where customer_group = 'existing') as customers_before,
        sum(case when customer_group = 'existing' then revenue_before_eur else 0 end) as revenue_before_eur,
        sum(case when customer_group = 'existing' then revenue_eur else 0 end) as revenue_kept_eur,
        -- who brings back more than is bought keeps nothing, and not less
        sum(case
            when customer_group = 'existing' then least(greatest(revenue_eur, 0), revenue_before_eur)
            else 0
        end) as revenue_kept_at_most_eur,
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
