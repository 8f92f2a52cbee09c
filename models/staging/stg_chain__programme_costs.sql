with

judged as (

    select * from {{ ref('base_chain__programme_costs') }}

)

select
    row_key,
    file_id,
    line_number,
    chain_key,
    industry_key,
    country_key,
    link_key,
    industry,
    country,
    link,
    month,
    programme_cost,
    currency,
    head_count,
    programme_cost_eur
from judged
where reject_reason is null
