-- What within each link goes with its score, and what would the link gain if that scored like the rest of it?
-- One row per link, kind of driver and driver that can be compared, over the last four whole quarters; in each link
-- the kind that explains most first, and in it the driver that holds the link down most. Kinds overlap: their gains
-- can't be added up. q_value counts that many drivers were looked at. It describes answers and is no verdict on why.
select
    chain_code,
    link_code,
    driver_kind,
    driver_code,
    driver_name,
    kind_explained_share,
    responses,
    response_share,
    nps,
    nps_ci_low,
    nps_ci_high,
    rest_nps,
    nps_gain,
    nps_gain_ci_low,
    nps_gain_ci_high,
    q_value
from {{ ref('mart_link_driver') }}
where nps_gain is not null
order by
    chain_code asc,
    link_code asc,
    kind_explained_share desc nulls last,
    driver_kind asc,
    nps_gain desc,
    driver_code asc
