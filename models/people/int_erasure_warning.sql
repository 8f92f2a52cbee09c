with

outcomes as (

    select * from {{ source('raw', 'raw_erasure_outcomes') }}

),

requests as (

    select * from {{ source('raw', 'chain__erasure_requests') }}

),

files as (

    select * from {{ source('raw', 'raw_files') }}

),

-- a number that comes again may say something else than before
judged as (

    select
        request_id,
        max(rows_met) as rows_met,
        min(sentence) as sentence
    from outcomes
    group by request_id

),

delivered as (

    select
        request_id,
        min(file_id) as file_id
    from requests
    group by request_id

)

select
    'erasure_met_nobody' as warning_code,
    files.dataset,
    cast(null as {{ dbt.type_string() }}) as partner_code,
    files.file_path,
    cast(1 as bigint) as rows_affected,
    cast(null as bigint) as rows_total,
    judged.sentence
from judged
inner join delivered on judged.request_id = delivered.request_id
inner join files on delivered.file_id = files.file_id
where judged.rows_met = 0
