-- Written by `make docs` from contract/landing.yml. Change that, not this.
{{ config(materialized='view') }}

select
    {{ accepted_columns('dealer__customers') }}
from {{ ref('base_dealer__customers') }}
where reject_reason is null
