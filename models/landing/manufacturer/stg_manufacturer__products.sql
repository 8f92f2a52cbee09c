-- Written by `make docs` from contract/landing.yml. Change that, not this.
{{ config(materialized='view') }}

select
    {{ accepted_columns('manufacturer__products') }}
from {{ ref('base_manufacturer__products') }}
where reject_reason is null
