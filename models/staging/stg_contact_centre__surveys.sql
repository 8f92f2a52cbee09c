with

judged as (

    select * from {{ ref('base_contact_centre__surveys') }}

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
    survey_id,
    contact_id,
    sent_at,
    sent_on,
    survey_mode,
    case when answer_reject_reason is null then answered_at end as answered_at,
    case when answer_reject_reason is null then answered_on end as answered_on,
    case when answer_reject_reason is null then score end as score,
    ces,
    csat,
    case
        when answer_reject_reason is not null then 'invalid'
        when score is null then 'not_answered'
        else 'answered'
    end as answer_status
from judged
where reject_reason is null
