-- Robustness values of estimates: for tests/statistics/test_doubt.py.
select
    estimate,
    {{ robustness_value('estimate / se', 'degrees_of_freedom') }} as robustness_value
from probe_estimates
