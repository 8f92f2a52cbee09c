{{ config(
    materialized=load_materialization('dealer__post_service_survey'),
    pre_hook="{{ forget_touched_rows('dealer__post_service_survey') }}",
) }}

with

{{ parsed_rows('dealer__post_service_survey') }},

{{ matched_rows('dealer__post_service_survey') }},

{{ judged_rows('dealer__post_service_survey') }}

select * from final
