-- Rows in = rows accepted + rows quarantined, for every file; and the quarantine lists what the health mart counts.
with

health as (

    select * from {{ ref('mart_pipeline_health') }}

),

counted as (

    select
        sum(rows_quarantined) as quarantined_rows,
        sum(rows_erased) as erased_rows
    from health

),

listed as (

    select count(*) as quarantined_rows
    from {{ ref('mart_quarantine') }}

)

select
    file_path,
    rows_in,
    rows_accepted,
    rows_quarantined
from health
where rows_in != rows_accepted + rows_quarantined

union all

select
    'mart_quarantine' as file_path,
    counted.quarantined_rows as rows_in,
    counted.erased_rows as rows_accepted,
    listed.quarantined_rows
from counted
cross join listed
where counted.quarantined_rows - counted.erased_rows != listed.quarantined_rows
