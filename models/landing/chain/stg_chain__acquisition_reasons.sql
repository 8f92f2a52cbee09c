-- Written by `make docs` from contract/landing.yml. Change that, not this.
{{ config(materialized='view') }}

select
    {{ accepted_columns('chain__acquisition_reasons') }}
from {{ ref('base_chain__acquisition_reasons') }}
where reject_reason is null
