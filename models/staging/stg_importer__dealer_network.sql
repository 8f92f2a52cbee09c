with

judged as (

    select * from {{ ref('base_importer__dealer_network') }}

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
    snapshot_on,
    dealer_code,
    dealer_name,
    owner_name,
    city,
    status
from judged
where reject_reason is null
