with

follow_ups as (

    select * from {{ ref('stg_chain__follow_ups') }}

),

responses as (

    select * from {{ ref('fct_nps_response') }}

),

late_rejects as (

    select * from {{ ref('int_late_reject') }}

),

surveys as (

    select * from {{ ref('dim_survey') }}

),

partner_versions as (

    select * from {{ ref('int_partner_version') }}

),

scored as (

    select
        responses.response_key,
        responses.survey_key,
        responses.response_no,
        partner_versions.partner_code
    from responses
    inner join partner_versions on responses.partner_key = partner_versions.partner_key

)

select
    follow_ups.row_key as follow_up_key,
    scored.response_key,
    surveys.survey_key,
    partner_versions.partner_key,
    follow_ups.follow_up_id as follow_up_no,
    follow_ups.opened_on,
    follow_ups.closed_on,
    follow_ups.outcome,
    {{ days_between('follow_ups.opened_on', 'follow_ups.closed_on') }} as days_to_close
from follow_ups
inner join surveys on follow_ups.survey = surveys.survey_code
inner join partner_versions
    on
        follow_ups.partner_code = partner_versions.partner_code
        and follow_ups.opened_on between partner_versions.assigned_from and partner_versions.assigned_to
left join scored
    on
        surveys.survey_key = scored.survey_key
        and follow_ups.partner_code = scored.partner_code
        and follow_ups.response_no = scored.response_no
left join late_rejects on follow_ups.row_key = late_rejects.row_key
where late_rejects.row_key is null
