{{ config(**load_config('chain__survey_items')) }}

with {{ parsed_rows('chain__survey_items') }},

{{ matched_rows('chain__survey_items') }},

{{ judged_rows('chain__survey_items', after={'rating': off_scale_rules()}) }}

select * from final
