with

judged as (

    select * from {{ ref('base_chain__follow_ups') }}

)

select
    row_key,
    file_id,
    line_number,
    chain_key,
    industry_key,
    country_key,
    link_key,
    follow_up_id,
    survey,
    partner_code,
    response_no,
    opened_on,
    closed_on,
    outcome
from judged
where reject_reason is null
