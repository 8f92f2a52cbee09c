with

judged as (

    select * from {{ ref('base_manufacturer__survey_answers') }}

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
    answered_at,
    answered_on,
    score
from judged
where reject_reason is null
