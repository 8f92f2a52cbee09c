-- Kaplan-Meier on one row per subject: for tests/statistics/test_statistics.py.
with

curves as (

    {{ kaplan_meier('probe_subjects', ['study'], 'duration', 'is_event') }}

)

select
    study,
    duration,
    at_risk,
    events,
    censored,
    survival,
    greenwood_variance,
    {{ retention_ci_low('survival', 'greenwood_variance') }} as retention_ci_low,
    {{ retention_ci_high('survival', 'greenwood_variance') }} as retention_ci_high
from curves
