with

judged as (

    select * from {{ ref('base_chain__benchmarks') }}

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
    year,
    nps,
    source
from judged
where reject_reason is null
