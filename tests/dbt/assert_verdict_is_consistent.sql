-- A chain has one weakest link, or candidates, or neither; its probabilities add up to at most 1.
select
    chain_code,
    count(*) filter (where verdict = 'weakest') as weakest,
    count(*) filter (where verdict = 'candidate') as candidates,
    sum(p_weakest) as p_any
from {{ ref('mart_weakest_link') }}
group by chain_code
having
    count(*) filter (where verdict = 'weakest') > 1
    or (
        count(*) filter (where verdict = 'weakest') = 1
        and count(*) filter (where verdict = 'candidate') > 0
    )
    or count(*) filter (where verdict = 'candidate') = 1
    or sum(p_weakest) > 1 + 1e-9
