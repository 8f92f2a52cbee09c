-- Written by `make docs` from contract/landing.yml. Change that, not this.
{{ config(materialized='view') }}

select
    {{ accepted_columns('chain__survey_items') }}
from {{ ref('base_chain__survey_items') }}
where reject_reason is null
