-- How complete are the files: whose rows were not taken, and why?
-- One row per partner, data set and reason, the most rows first; `chain` stands for the chain's own administration.
-- rows_in counts all rows of that partner's files of that data set.
with

quarantined as (

    select
        case when file_path like 'chain/%' then 'chain' else split_part(file_path, '/', 2) end as partner_code,
        dataset,
        reason_code,
        reason_text,
        scope,
        count(*) as rows_quarantined
    from {{ ref('mart_quarantine') }}
    group by partner_code, dataset, reason_code, reason_text, scope

),

files as (

    select
        case when file_path like 'chain/%' then 'chain' else split_part(file_path, '/', 2) end as partner_code,
        dataset,
        count(*) as files,
        sum(rows_in) as rows_in,
        max(freshest_on) as freshest_on
    from {{ ref('mart_pipeline_health') }}
    group by partner_code, dataset

)

select
    quarantined.partner_code,
    quarantined.dataset,
    quarantined.reason_code,
    quarantined.scope,
    quarantined.reason_text,
    quarantined.rows_quarantined,
    files.rows_in,
    cast(quarantined.rows_quarantined as double) / nullif(files.rows_in, 0) as share_quarantined,
    files.files,
    files.freshest_on
from quarantined
inner join files
    on
        quarantined.partner_code = files.partner_code
        and quarantined.dataset = files.dataset
order by
    quarantined.rows_quarantined desc,
    quarantined.partner_code asc,
    quarantined.dataset asc,
    quarantined.reason_code asc
