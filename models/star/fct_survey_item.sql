with

items as (

    select * from {{ ref('stg_chain__survey_items') }}
    -- asked, and not answered
    where rating is not null

),

responses as (

    select * from {{ ref('fct_nps_response') }}

),

surveys as (

    select * from {{ ref('dim_survey') }}

),

partner_versions as (

    select * from {{ ref('int_partner_version') }}

),

late_rejects as (

    select * from {{ ref('int_late_reject') }}

),

scored as (

    select
        responses.response_key,
        responses.chain_link_key,
        responses.survey_key,
        responses.partner_key,
        responses.response_on,
        responses.response_no,
        surveys.survey_code,
        partner_versions.partner_code
    from responses
    inner join surveys on responses.survey_key = surveys.survey_key
    inner join partner_versions on responses.partner_key = partner_versions.partner_key

)

select
    items.row_key as survey_item_key,
    scored.response_key,
    scored.chain_link_key,
    scored.survey_key,
    scored.partner_key,
    items.item_code,
    scored.response_on,
    items.scale,
    items.rating as rating_given,
    100 * cast({{ rating_in_steps('items.rating', 'items.scale') }} as double) / {{ rating_steps() }} as rating
from items
inner join scored
    on
        items.survey = scored.survey_code
        and items.partner_code = scored.partner_code
        and items.response_no = scored.response_no
left join late_rejects on items.row_key = late_rejects.row_key
where late_rejects.row_key is null
