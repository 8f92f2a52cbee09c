with

rejects as (

    select * from {{ ref('int_raw_reject') }}

),

late_rejects as (

    select * from {{ ref('int_late_reject') }}

),

files as (

    select * from {{ source('raw', 'raw_files') }}

),

reasons as (

    select * from {{ ref('quarantine_reasons') }}

),

late as (

    select
        late_rejects.row_key,
        late_rejects.file_id,
        late_rejects.row_key - late_rejects.file_id as line_number,
        late_rejects.reason_code,
        cast(null as {{ dbt.type_string() }}) as column_name,
        'row' as scope
    from late_rejects
    left join rejects on late_rejects.row_key = rejects.row_key
    -- who was erased leaves no line behind; mart_pipeline_health counts the rows
    where late_rejects.reason_code != 'erased_on_request' and rejects.row_key is null

),

unioned as (

    select
        row_key,
        file_id,
        line_number,
        reason_code,
        column_name,
        scope
    from rejects
    union all
    select
        row_key,
        file_id,
        line_number,
        reason_code,
        column_name,
        scope
    from late

)

select
    unioned.row_key,
    files.dataset,
    files.file_path,
    unioned.line_number,
    unioned.reason_code,
    reasons.reason_text,
    unioned.column_name,
    unioned.scope
from unioned
inner join files on unioned.file_id = files.file_id
inner join reasons on unioned.reason_code = reasons.reason_code
