-- Written by `make docs` from contract/landing.yml. Change that, not this.
{{ config(materialized='view') }}

select
    {{ accepted_columns('chain__follow_ups') }}
from {{ ref('base_chain__follow_ups') }}
where reject_reason is null
