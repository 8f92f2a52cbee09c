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

causes as (

    select * from {{ ref('reject_causes') }}

),

warnings as (

    select * from {{ ref('mart_source_warning') }}

),

delivered as (

    select * from {{ ref('int_delivered_file') }}

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
        by_reason.file_id,
        sum(by_reason.quarantined_rows) as quarantined_rows,
        sum(by_reason.staged_rows) as staged_rows,
        sum(by_reason.quarantined_rows) filter (where by_reason.reason_code = 'erased_on_request') as erased_rows,
        sum(by_reason.quarantined_rows) filter (where coalesce(causes.is_fault, true)) as faulty_rows,
        {{ text_list(
            "concat(by_reason.reason_code, ' ', cast(by_reason.quarantined_rows as " ~ dbt.type_string() ~ "))",
            'by_reason.reason_code'
        ) }} as quarantine_reasons
    from by_reason
    left join causes on by_reason.reason_code = causes.reason_code
    group by by_reason.file_id

),

-- of its own, or of what the partner delivers of the data set
warnings_of_files as (

    select
        files.file_id,
        warnings.warning_rank,
        warnings.sentence
    from warnings
    inner join files on warnings.file_path = files.file_path

    union all

    select
        delivered.file_id,
        warnings.warning_rank,
        warnings.sentence
    from warnings
    inner join delivered on warnings.dataset = delivered.dataset and warnings.partner_code = delivered.partner_code
    where warnings.file_path is null

),

worst_warnings as (

    select
        file_id,
        sentence
    from warnings_of_files
    qualify row_number() over (partition by file_id order by warning_rank) = 1

),

-- Nothing of it could be used, and not because the same stands in another file.
unusable as (

    select by_file.file_id
    from by_file
    inner join files on by_file.file_id = files.file_id
    left join file_counts on by_file.file_id = file_counts.file_id
    where
        file_counts.file_id is null
        and by_file.faulty_rows > files.rows_read * {{ var('most_of_a_file') }}

)

select
    files.file_id,
    files.dataset,
    files.file_path,
    case when unusable.file_id is null then files.status else 'no_usable_row' end as file_status,
    case
        when unusable.file_id is null then files.message
        else concat_ws(
            ' ',
            concat(
                files.file_path, ' was not read: none of its ', cast(files.rows_read as {{ dbt.type_string() }}),
                ' rows can be used (', by_file.quarantine_reasons, ').'
            ),
            files.message
        )
    end as message,
    worst_warnings.sentence as worst_warning,
    cast(files.rows_read as bigint) as rows_in,
    cast(coalesce(file_counts.rows_staged, 0) - coalesce(by_file.staged_rows, 0) as bigint) as rows_accepted,
    cast(coalesce(by_file.quarantined_rows, 0) as bigint) as rows_quarantined,
    cast(coalesce(by_file.erased_rows, 0) as bigint) as rows_erased,
    by_file.quarantine_reasons,
    file_counts.freshest_on
from files
left join file_counts on files.file_id = file_counts.file_id
left join by_file on files.file_id = by_file.file_id
left join unusable on files.file_id = unusable.file_id
left join worst_warnings on files.file_id = worst_warnings.file_id
