-- Written by `make docs` from contract/landing.yml. Change that, not this.
{{ config(materialized='view') }}

select
    {{ accepted_columns('shop__receipts') }}
from {{ ref('base_shop__receipts') }}
where reject_reason is null
