-- Written by `make docs` from contract/landing.yml. Change that, not this.
{{ config(materialized='view') }}

select
    {{ accepted_columns('shop__survey') }}
from {{ ref('base_shop__survey') }}
where reject_reason is null
