-- Written by `make docs` from contract/landing.yml. Change that, not this.
{{ config(materialized='view') }}

select
    {{ accepted_columns('manufacturer__survey_invitations') }}
from {{ ref('base_manufacturer__survey_invitations') }}
where reject_reason is null
