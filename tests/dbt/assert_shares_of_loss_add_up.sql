-- Links' shares of a chain's lost customers never add up to more than all of them.
select
    chain_code,
    sum(attributable_fraction) as all_shares,
    sum(attributable_fraction_crude) as all_shares_crude
from {{ ref('mart_weakest_link') }}
group by chain_code
having sum(attributable_fraction) > 1 + 1e-9 or sum(attributable_fraction_crude) > 1 + 1e-9
