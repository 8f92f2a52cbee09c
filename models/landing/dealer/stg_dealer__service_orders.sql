-- Written by `make docs` from contract/landing.yml. Change that, not this.
{{ config(materialized='view') }}

select
    {{ accepted_columns('dealer__service_orders') }}
from {{ ref('base_dealer__service_orders') }}
where reject_reason is null
