with

judged as (

    select * from {{ ref('base_dealer__service_orders') }}

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
    order_no,
    customer_hash,
    serial_hash,
    completed_on,
    payer,
    revenue,
    cost,
    currency,
    revenue_eur,
    cost_eur,
    margin_eur
from judged
where reject_reason is null
