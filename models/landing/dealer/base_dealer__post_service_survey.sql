{{ config(**load_config('dealer__post_service_survey')) }}

with {{ parsed_rows('dealer__post_service_survey') }},

{{ matched_rows('dealer__post_service_survey') }},

{{ judged_rows('dealer__post_service_survey') }}

select * from final
