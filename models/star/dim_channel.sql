with

channels as (

    select * from {{ ref('channels') }}

)

select
    channel_key,
    channel_code,
    channel_name
from channels
