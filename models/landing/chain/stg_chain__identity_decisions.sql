-- Written by `make docs` from contract/landing.yml. Change that, not this.
{{ config(materialized='view') }}

select
    {{ accepted_columns('chain__identity_decisions') }}
from {{ ref('base_chain__identity_decisions') }}
where reject_reason is null
