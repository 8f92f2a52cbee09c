with

judged as (

    select * from {{ ref('base_chain__exchange_rates') }}

)

select
    row_key,
    file_id,
    line_number,
    month,
    currency,
    eur_per_unit
from judged
where reject_reason is null
