with

judged as (

    select * from {{ ref('base_manufacturer__units_built') }}

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
    serial_hash,
    product_code,
    built_on,
    importer_code
from judged
where reject_reason is null
