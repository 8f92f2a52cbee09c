{#- What customers who came back left in the window after their answer, the window in which retention is counted; of
    answers whose window has been seen whole. It is made of the events of retention, and of what was brought back of
    them: what the answer is about is not what came after it. -#}
with

retention as (

    select * from {{ ref('fct_retention') }}
    where retention_measure = 'chain' and is_event

),

responses as (

    select * from {{ ref('fct_nps_response') }}

),

chains as (

    select * from {{ ref('dim_chain') }}

),

transactions as (

    select * from {{ ref('fct_transaction') }}

),

returns as (

    select * from {{ ref('fct_transaction') }}
    where transaction_kind = 'return' and customer_key is not null

),

moves as (

    select
        transaction_key as purchase_key,
        customer_key,
        chain_key,
        transaction_on,
        least(coalesce(ordered_on, transaction_on), transaction_on) as agreed_on,
        margin_eur
    from transactions
    where is_retention_event and customer_key is not null

    union all

    -- a purchase taken back in full is none, and so is what takes it back
    select
        coalesce(transactions.transaction_key, returns.transaction_key) as purchase_key,
        returns.customer_key,
        returns.chain_key,
        returns.transaction_on,
        case
            when transactions.transaction_key is null
                then least(coalesce(returns.ordered_on, returns.transaction_on), returns.transaction_on)
            else least(coalesce(transactions.ordered_on, transactions.transaction_on), transactions.transaction_on)
        end as agreed_on,
        returns.margin_eur
    from returns
    left join transactions on returns.reverses_transaction_key = transactions.transaction_key
    where not coalesce(transactions.is_reversed, false)

),

retained as (

    select
        retention.response_key,
        retention.customer_key,
        retention.chain_key,
        retention.response_on,
        {{ add_days('retention.response_on', 'chains.retention_window_days') }} as window_to,
        responses.transaction_key
    from retention
    inner join chains on retention.chain_key = chains.chain_key
    inner join responses on retention.response_key = responses.response_key
    where
        retention.duration_days <= chains.retention_window_days
        and {{ add_days('retention.response_on', 'chains.retention_window_days') }} <= retention.delivered_to

)

select
    retained.response_key,
    -- null: nothing that was bought has a known cost
    cast(sum(moves.margin_eur) as {{ euros_sum_type() }}) as margin_eur
from retained
inner join moves
    on
        retained.customer_key = moves.customer_key
        and retained.chain_key = moves.chain_key
        and retained.response_on < moves.agreed_on
        and retained.response_on < moves.transaction_on
        and retained.window_to >= moves.transaction_on
        and retained.transaction_key is distinct from moves.purchase_key
group by retained.response_key
