{{ config(**load_config('manufacturer__products')) }}

with {{ parsed_rows('manufacturer__products') }},

{{ matched_rows('manufacturer__products') }},

{{ judged_rows('manufacturer__products') }}

select * from final
