with

files as (

    select * from {{ source('raw', 'raw_files') }}

),

file_counts as (

    select * from {{ ref('int_file_count') }}

),

rejects as (

    select * from {{ ref('int_raw_reject') }}

),

late_rejects as (

    select * from {{ ref('int_late_reject') }}

),

late as (

    select
        late_rejects.row_key,
        late_rejects.file_id,
        late_rejects.reason_code,
        -- its row was read well and staged, unless its answer was rejected before
        rejects.row_key is null as is_staged
    from late_rejects
    left join rejects on late_rejects.row_key = rejects.row_key

),

quarantined as (

    select
        file_id,
        reason_code,
        scope = 'answer' as is_staged
    from rejects
    union all
    select
        file_id,
        reason_code,
        is_staged
    from late
    where is_staged

),

by_reason as (

    select
        file_id,
        reason_code,
        count(*) as quarantined_rows,
        sum(case when is_staged then 1 else 0 end) as staged_rows
    from quarantined
    group by file_id, reason_code

    union all

    -- rows of erased people that are no longer in the raw folder
    select
        file_id,
        'erased_on_request' as reason_code,
        rows_erased as quarantined_rows,
        0 as staged_rows
    from files
    where rows_erased > 0

),

by_file as (

    select
        file_id,
        sum(quarantined_rows) as quarantined_rows,
        sum(staged_rows) as staged_rows,
        sum(quarantined_rows) filter (where reason_code = 'erased_on_request') as erased_rows,
        {{ text_list("concat(reason_code, ' ', cast(quarantined_rows as " ~ dbt.type_string() ~ "))", 'reason_code') }}
            as quarantine_reasons
    from by_reason
    group by file_id

)

select
    files.file_id,
    files.dataset,
    files.file_path,
    files.status as file_status,
    files.message,
    cast(files.rows_read as bigint) as rows_in,
    cast(coalesce(file_counts.rows_staged, 0) - coalesce(by_file.staged_rows, 0) as bigint) as rows_accepted,
    cast(coalesce(by_file.quarantined_rows, 0) as bigint) as rows_quarantined,
    cast(coalesce(by_file.erased_rows, 0) as bigint) as rows_erased,
    by_file.quarantine_reasons,
    file_counts.freshest_on
from files
left join file_counts on files.file_id = file_counts.file_id
left join by_file on files.file_id = by_file.file_id
