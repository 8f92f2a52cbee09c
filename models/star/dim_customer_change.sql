with

changes_before as (

    select * from {{ source('raw', 'raw_customer_changes') }}

),

changes as (

    select * from {{ ref('int_customer_change') }}

),

build as (

    select * from {{ ref('int_customer_build') }}

),

period as (

    select * from {{ ref('int_period') }}

)

select
    old_customer_key,
    new_customer_key,
    change_kind,
    build_number,
    as_of_on
from changes_before

union all

select
    changes.old_customer_key,
    changes.new_customer_key,
    changes.change_kind,
    build.build_number,
    period.as_of_on
from changes
cross join build
cross join period
