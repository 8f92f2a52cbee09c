with

sales_orders as (

    select * from {{ ref('stg_dealer__sales_orders') }}

),

service_orders as (

    select * from {{ ref('stg_dealer__service_orders') }}

),

receipts as (

    select * from {{ ref('stg_shop__receipts') }}

),

contacts as (

    select * from {{ ref('stg_contact_centre__contacts') }}

),

responses as (

    select * from {{ ref('int_survey_response') }}

),

counted as (

    select
        delivered_on as happened_on,
        count(*) as events
    from sales_orders
    group by delivered_on
    union all
    select
        completed_on as happened_on,
        count(*) as events
    from service_orders
    group by completed_on
    union all
    select
        purchased_on as happened_on,
        count(*) as events
    from receipts
    group by purchased_on
    union all
    select
        opened_on as happened_on,
        count(*) as events
    from contacts
    group by opened_on
    union all
    select
        response_on as happened_on,
        count(*) as events
    from responses
    group by response_on

)

select
    happened_on,
    cast(sum(events) as bigint) as events
from counted
group by happened_on
