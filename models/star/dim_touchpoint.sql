with

touchpoints as (

    select * from {{ ref('touchpoints') }}

),

links as (

    select * from {{ ref('links') }}

)

select
    touchpoints.touchpoint_key,
    links.link_key,
    touchpoints.touchpoint_code,
    touchpoints.link_code,
    touchpoints.touchpoint_name,
    touchpoints.journey_step
from touchpoints
inner join links on touchpoints.link_code = links.link_code
