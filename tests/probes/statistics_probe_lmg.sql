-- LMG shares of covariance matrices: for tests/statistics/test_importance.py.
with

parts as (

    {{ lmg('probe_covariances', ['matrix']) }}

)

select
    matrix,
    predictor,
    lmg,
    lmg_share,
    coefficient,
    r_squared
from parts
