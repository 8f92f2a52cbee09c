with

judged as (

    select * from {{ ref('base_importer__shipments') }}

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
    shipment_no,
    serial_hash,
    dealer_code,
    shipped_on,
    amount,
    currency,
    amount_eur
from judged
where reject_reason is null
