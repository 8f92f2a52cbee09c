-- Written by `make docs` from contract/landing.yml. Change that, not this.
{{ config(materialized='view') }}

select
    {{ accepted_columns('chain__benchmarks') }}
from {{ ref('base_chain__benchmarks') }}
where reject_reason is null
