with

products as (

    select * from {{ ref('stg_manufacturer__products') }}

)

select
    row_key as product_key,
    partner_code as manufacturer_code,
    product_code,
    product_name,
    product_line,
    launched_on,
    -- two manufacturers may use one code; a receipt that names it can't say which
    row_number() over (partition by product_code order by row_key) = 1 as is_first_of_code
from products
