with

judged as (

    select * from {{ ref('base_chain__acquisition_reasons') }}

)

select
    row_key,
    file_id,
    line_number,
    chain_key,
    industry_key,
    country_key,
    link_key,
    partner_code,
    customer_hash,
    acquired_on,
    reason
from judged
where reject_reason is null
