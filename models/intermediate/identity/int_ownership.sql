{{ config(
    pre_hook="{{ keep_before() }}",
) }}

with

sales_orders as (

    select * from {{ ref('stg_dealer__sales_orders') }}

),

ownership_surveys as (

    select * from {{ ref('stg_importer__ownership_survey') }}

),

changes as (

    select
        serial_hash,
        delivered_on as changed_on,
        customer_hash as owner_hash
    from sales_orders

    union all

    -- "no longer mine": from here on the owner is unknown, until a later sale names one
    select
        serial_hash,
        answered_on as changed_on,
        cast(null as bigint) as owner_hash
    from ownership_surveys
    where serial_hash is not null and answered_on is not null and not still_owner

),

one_change_a_day as (

    select
        serial_hash,
        changed_on,
        -- a sale on the same day says more than a "no longer mine"
        min(owner_hash) as owner_hash
    from changes
    group by serial_hash, changed_on

)

select
    serial_hash,
    row_number() over (partition by serial_hash order by changed_on) as ownership_number,
    owner_hash,
    changed_on as owned_from,
    {{ add_days('lead(changed_on) over (partition by serial_hash order by changed_on)', -1) }} as owned_to
from one_change_a_day
