-- What do survey programmes add to their partners' NPS by excluding answers and replacing scores?
-- One row per link, partner and quarter in which a programme changed a score, where it is shown; largest change first.
-- Few exclusions of an outlier may be in order; the points say what they did to the score, not whether they were.
select
    chain_code,
    link_code,
    partner_code,
    partner_name,
    quarter_start_on,
    responses,
    responses_excluded,
    responses_rescored,
    responses_under_appeal,
    nps,
    programme_nps,
    exclusion_points,
    rescore_points,
    programme_points
from {{ ref('mart_programme_score') }}
where responses_excluded + responses_rescored > 0
order by abs(programme_points) desc nulls last, chain_code asc, link_code asc, partner_code asc, quarter_start_on asc
