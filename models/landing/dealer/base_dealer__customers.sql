{{ config(**load_config('dealer__customers')) }}

with {{ parsed_rows('dealer__customers') }},

{{ matched_rows('dealer__customers') }},

{{ judged_rows('dealer__customers') }}

select * from final
