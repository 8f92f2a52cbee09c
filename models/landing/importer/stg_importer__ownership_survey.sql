-- Written by `make docs` from contract/landing.yml. Change that, not this.
{{ config(materialized='view') }}

select
    {{ accepted_columns('importer__ownership_survey') }}
from {{ ref('base_importer__ownership_survey') }}
where reject_reason is null
