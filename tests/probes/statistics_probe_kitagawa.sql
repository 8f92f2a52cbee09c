-- Kitagawa's decomposition of one table of cells: for tests/statistics/test_change.py.
with

parts as (

    {{ kitagawa('probe_cells', ['cell'], ['total']) }}

)

select
    total,
    cell,
    share_before,
    share_after,
    rate_before,
    rate_after,
    total_rate_before,
    total_rate_after,
    mix_effect,
    rate_effect
from parts
