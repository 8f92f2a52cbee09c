{{ config(**load_config('manufacturer__units_built')) }}

with {{ parsed_rows('manufacturer__units_built') }},

{{ matched_rows('manufacturer__units_built') }},

{{ judged_rows('manufacturer__units_built') }}

select * from final
