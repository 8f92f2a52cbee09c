-- Written by `make docs` from contract/landing.yml. Change that, not this.
{{ config(materialized='view') }}

select
    {{ accepted_columns('chain__erasure_requests') }}
from {{ ref('base_chain__erasure_requests') }}
where reject_reason is null
