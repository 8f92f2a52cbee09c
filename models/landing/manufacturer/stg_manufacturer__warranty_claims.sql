-- Written by `make docs` from contract/landing.yml. Change that, not this.
{{ config(materialized='view') }}

select
    {{ accepted_columns('manufacturer__warranty_claims') }}
from {{ ref('base_manufacturer__warranty_claims') }}
where reject_reason is null
