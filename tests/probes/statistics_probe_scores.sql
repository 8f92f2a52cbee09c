-- Every macro on scores and counts, applied to a table of inputs: for tests/statistics/test_statistics.py.
select
    promoters,
    detractors,
    responses,
    {{ nps_category('score') }} as nps_category,
    {{ nps_contribution('score') }} as nps_contribution,
    {{ nps('promoters', 'detractors', 'responses') }} as nps,
    {{ nps_standard_error('promoters', 'detractors', 'responses') }} as nps_standard_error,
    {{ nps_adjusted('promoters', 'detractors', 'responses') }} as nps_adjusted,
    {{ nps_adjusted_standard_error('promoters', 'detractors', 'responses') }} as nps_adjusted_standard_error,
    {{ nps_ci_low('promoters', 'detractors', 'responses') }} as nps_ci_low,
    {{ nps_ci_high('promoters', 'detractors', 'responses') }} as nps_ci_high
from probe_scores
