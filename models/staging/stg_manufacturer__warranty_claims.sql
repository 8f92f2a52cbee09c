with

judged as (

    select * from {{ ref('base_manufacturer__warranty_claims') }}

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
    claim_id,
    country,
    serial_hash,
    claimed_on,
    handled_by,
    amount,
    currency,
    amount_eur
from judged
where reject_reason is null
