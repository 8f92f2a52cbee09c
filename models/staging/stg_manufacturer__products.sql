with

judged as (

    select * from {{ ref('base_manufacturer__products') }}

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
    product_code,
    product_name,
    product_line,
    launched_on
from judged
where reject_reason is null
