-- Written by `make docs` from contract/landing.yml. Change that, not this.
{{ config(materialized='view') }}

select
    {{ accepted_columns('chain__programme_costs') }}
from {{ ref('base_chain__programme_costs') }}
where reject_reason is null
