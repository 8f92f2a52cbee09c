-- Written by `make docs` from contract/landing.yml. Change that, not this.
{{ config(materialized='view') }}

select
    {{ accepted_columns('manufacturer__survey_answers') }}
from {{ ref('base_manufacturer__survey_answers') }}
where reject_reason is null
