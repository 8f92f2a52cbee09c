with

decisions as (

    select * from {{ ref('stg_chain__identity_decisions') }}

),

-- either of the two may stand first
pairs as (

    select
        least(customer_hash, other_customer_hash) as node_a,
        greatest(customer_hash, other_customer_hash) as node_b,
        decision,
        decided_on
    from decisions
    where customer_hash != other_customer_hash

)

select
    node_a,
    node_b,
    decision = 'same' as is_same
from pairs
-- the last word stands; of two of one day, the one that joins nobody
qualify
    row_number() over (
        partition by node_a, node_b order by decided_on desc nulls last, case when decision = 'same' then 1 else 0 end
    ) = 1
