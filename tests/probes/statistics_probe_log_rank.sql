-- The log-rank test on one row per subject: for tests/statistics/test_statistics.py.
with

tests as (

    {{ log_rank('probe_subjects', ['study'], 'category', 'duration', 'is_event', 'horizon') }}

)

select
    study,
    chi2,
    df,
    p
from tests
