{{ config(**load_config('shop__survey')) }}

with {{ parsed_rows('shop__survey') }},

{{ matched_rows('shop__survey') }},

{{ judged_rows('shop__survey') }}

select * from final
