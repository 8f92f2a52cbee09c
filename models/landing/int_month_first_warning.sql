{#- The intake judges every file as a whole, and leaves the rows to the quarantine. -#}
with

rejects as (

    select * from {{ ref('int_raw_reject') }}
    where reason_code = 'month_first'

),

files as (

    select * from {{ source('raw', 'raw_files') }}

),

by_file as (

    select
        file_id,
        dataset,
        column_name,
        count(*) as rows_affected
    from rejects
    group by file_id, dataset, column_name

)

select
    'dates_month_first' as warning_code,
    by_file.dataset,
    -- <link>/<partner code>/<name>
    split_part(files.file_path, '/', 2) as partner_code,
    files.file_path,
    by_file.rows_affected,
    files.rows_read as rows_total,
    concat(
        'Its dates in ', by_file.column_name, ' stand with the month first (mm-dd-yyyy), where dd-mm-yyyy is ',
        'expected: none of them was taken for a day, and their rows are missing.'
    ) as sentence
from by_file
inner join files on by_file.file_id = files.file_id
