-- Written by `make docs` from contract/landing.yml. Change that, not this.
{{ config(materialized='view') }}

select
    {{ accepted_columns('importer__shipments') }}
from {{ ref('base_importer__shipments') }}
where reject_reason is null
