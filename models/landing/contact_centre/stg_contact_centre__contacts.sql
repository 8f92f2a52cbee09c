-- Written by `make docs` from contract/landing.yml. Change that, not this.
{{ config(materialized='view') }}

select
    {{ accepted_columns('contact_centre__contacts') }}
from {{ ref('base_contact_centre__contacts') }}
where reject_reason is null
