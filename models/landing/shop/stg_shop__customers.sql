-- Written by `make docs` from contract/landing.yml. Change that, not this.
{{ config(materialized='view') }}

select
    {{ accepted_columns('shop__customers') }}
from {{ ref('base_shop__customers') }}
where reject_reason is null
