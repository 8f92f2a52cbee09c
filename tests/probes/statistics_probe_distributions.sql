-- Every macro on distributions, applied to a table of inputs: for tests/statistics/test_statistics.py.
select
    x,
    df,
    {{ normal_cdf('x') }} as normal_cdf,
    {{ normal_sf('x') }} as normal_sf,
    {{ two_sided_p('x') }} as two_sided_p,
    {{ chi_square_sf('x', 'df') }} as chi_square_sf
from probe_distributions
