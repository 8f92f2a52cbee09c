with

judged as (

    select * from {{ ref('base_manufacturer__survey_invitations') }}

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
    invitation_id,
    country,
    sent_at,
    sent_on,
    email_hash,
    phone_hash,
    serial_hash,
    survey_mode,
    disposition
from judged
where reject_reason is null
