-- Written by `make docs` from contract/landing.yml. Change that, not this.
{{ config(materialized='view') }}

select
    {{ accepted_columns('dealer__sales_orders') }}
from {{ ref('base_dealer__sales_orders') }}
where reject_reason is null
