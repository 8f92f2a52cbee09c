-- Systems of equations and the factors of the joint model: for tests/statistics/test_joint.py.
with

solved as (

    {{ solve_symmetric('probe_systems', ['system'], 4) }}

)

select
    solved.*,
    {{ centred_product('probe_systems.sum_ab', 'probe_systems.sum_a', 'probe_systems.sum_b', 'probe_systems.n') }}
        as centred_product,
    {{ seen_weight('probe_systems.seen', 'probe_systems.n', 200) }} as seen_weight
from solved
inner join probe_systems on solved.system = probe_systems.system
