with

transactions as (

    select * from {{ ref('fct_transaction') }}

),

chains as (

    select * from {{ ref('dim_chain') }}

),

period as (

    select * from {{ ref('int_period') }}

)

select
    transactions.customer_key,
    transactions.chain_key,
    -- null: nothing that was bought has a known cost
    cast(sum(transactions.margin_eur) as {{ euros_sum_type() }}) as margin_eur
from transactions
cross join period
inner join chains on transactions.chain_key = chains.chain_key
where
    transactions.customer_key is not null
    -- a return takes back margin of a purchase
    and (transactions.is_customer_paid or transactions.transaction_kind = 'return')
    and transactions.transaction_on <= period.trailing_to
    and transactions.transaction_on > {{ add_days('period.trailing_to', '-chains.retention_window_days') }}
group by transactions.customer_key, transactions.chain_key
having count(*) filter (where transactions.is_retention_event) > 0
