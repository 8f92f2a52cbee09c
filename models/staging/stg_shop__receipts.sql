with

judged as (

    select * from {{ ref('base_shop__receipts') }}

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
    receipt_no,
    receipt_kind,
    purchased_on,
    loyalty_hash,
    product_code,
    revenue,
    cost,
    currency,
    revenue_eur,
    cost_eur,
    margin_eur
from judged
where reject_reason is null
