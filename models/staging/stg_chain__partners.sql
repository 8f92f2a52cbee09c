with

judged as (

    select * from {{ ref('base_chain__partners') }}

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
    link,
    industry,
    country,
    partner_name,
    parent_partner_code,
    owner_name,
    valid_from,
    valid_to
from judged
where reject_reason is null
