-- Quantiles and Student's t by way of the normal distribution: for tests/statistics/test_statistics.py.
select
    p,
    t,
    freedom,
    {{ normal_upper_quantile('p') }} as normal_upper_quantile,
    {{ student_deviate('t', 'freedom') }} as student_deviate,
    {{ student_quantile('abs(t)', 'freedom') }} as student_quantile
from probe_quantiles
