-- Written by `make docs` from contract/landing.yml. Change that, not this.
{{ config(materialized='view') }}

select
    {{ accepted_columns('chain__partners') }}
from {{ ref('base_chain__partners') }}
where reject_reason is null
