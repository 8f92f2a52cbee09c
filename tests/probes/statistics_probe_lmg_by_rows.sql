-- LMG of correlation matrices, subsets as rows: for tests/statistics/test_driver.py.
with

parts as (

    {{ lmg_by_rows('probe_correlations', ['matrix'], max_predictors=var('driver_max_items')) }}

)

select
    matrix,
    predictor,
    lmg,
    r_squared
from parts
