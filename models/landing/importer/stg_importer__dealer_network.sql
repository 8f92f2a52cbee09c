-- Written by `make docs` from contract/landing.yml. Change that, not this.
{{ config(materialized='view') }}

select
    {{ accepted_columns('importer__dealer_network') }}
from {{ ref('base_importer__dealer_network') }}
where reject_reason is null
