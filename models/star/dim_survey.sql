with

surveys as (

    select * from {{ ref('surveys') }}

),

links as (

    select * from {{ ref('links') }}

)

select
    surveys.survey_key,
    links.link_key,
    surveys.survey_code,
    surveys.link_code,
    surveys.touchpoint_code,
    surveys.survey_name,
    surveys.is_relationship_survey
from surveys
inner join links on surveys.link_code = links.link_code
