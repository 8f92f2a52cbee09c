-- Written by `make docs` from contract/landing.yml. Change that, not this.
{{ config(materialized='view') }}

select
    {{ accepted_columns('chain__exchange_rates') }}
from {{ ref('base_chain__exchange_rates') }}
where reject_reason is null
