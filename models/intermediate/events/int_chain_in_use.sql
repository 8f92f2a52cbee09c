with

brand_invitations as (

    select * from {{ ref('stg_manufacturer__survey_invitations') }}

),

contacts as (

    select * from {{ ref('stg_contact_centre__contacts') }}

)

select
    industry_key,
    country_key
from brand_invitations
union
select
    industry_key,
    country_key
from contacts
