with

judged as (

    select * from {{ ref('base_contact_centre__contacts') }}

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
    contact_id,
    country,
    channel,
    reason,
    opened_at,
    opened_on,
    closed_at,
    closed_on,
    agent_hash,
    transfers,
    resolved,
    cost,
    currency,
    email_hash,
    phone_hash,
    serial_hash,
    shop_code,
    loyalty_hash,
    cost_eur
from judged
where reject_reason is null
