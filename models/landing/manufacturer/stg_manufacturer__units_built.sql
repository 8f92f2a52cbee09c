-- Written by `make docs` from contract/landing.yml. Change that, not this.
{{ config(materialized='view') }}

select
    {{ accepted_columns('manufacturer__units_built') }}
from {{ ref('base_manufacturer__units_built') }}
where reject_reason is null
