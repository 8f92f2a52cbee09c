with

judged as (

    select * from {{ ref('base_shop__survey') }}

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
    answer_no,
    answered_at,
    answered_on,
    receipt_no,
    loyalty_hash,
    email_hash,
    survey_mode,
    score
from judged
where reject_reason is null
