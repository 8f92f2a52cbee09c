-- Areas under ROC curves and their covariance: for tests/statistics/test_journey_rule.py.
with

areas as (

    {{ auc_covariance('probe_scores', ['study'], 'predictor', 'subject', 'score', 'is_event') }}

)

select
    study,
    predictor_a,
    predictor_b,
    events,
    non_events,
    auc_a,
    auc_b,
    auc_covariance
from areas
