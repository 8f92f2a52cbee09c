with

judged as (

    select * from {{ ref('base_chain__erasure_requests') }}

)

select
    row_key,
    file_id,
    line_number,
    country_key,
    request_id,
    requested_on,
    country,
    email_hash,
    phone_hash
from judged
where reject_reason is null
