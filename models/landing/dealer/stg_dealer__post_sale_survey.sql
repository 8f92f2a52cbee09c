-- Written by `make docs` from contract/landing.yml. Change that, not this.
{{ config(materialized='view') }}

select
    {{ accepted_columns('dealer__post_sale_survey') }}
from {{ ref('base_dealer__post_sale_survey') }}
where reject_reason is null
