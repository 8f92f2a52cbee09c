{{ config(**load_config('shop__customers')) }}

with {{ parsed_rows('shop__customers') }},

{{ matched_rows('shop__customers') }},

{{ judged_rows('shop__customers') }}

select * from final
