with

judged as (

    select * from {{ ref('base_shop__customers') }}

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
    loyalty_hash,
    email_hash,
    phone_hash,
    segment,
    customer_since
from judged
where reject_reason is null
