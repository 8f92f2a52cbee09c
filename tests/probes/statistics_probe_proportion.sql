-- Intervals of proportions: for tests/statistics/test_statistics.py.
select
    part,
    whole,
    {{ wilson_low('part', 'whole') }} as ci_low,
    {{ wilson_high('part', 'whole') }} as ci_high
from probe_proportions
