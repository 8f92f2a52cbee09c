{{ config(**load_config('dealer__post_sale_survey')) }}

with {{ parsed_rows('dealer__post_sale_survey') }},

{{ matched_rows('dealer__post_sale_survey') }},

{{ judged_rows('dealer__post_sale_survey') }}

select * from final
