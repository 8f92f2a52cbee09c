{{ config(**load_config('importer__dealer_network')) }}

with {{ parsed_rows('importer__dealer_network') }},

{{ matched_rows('importer__dealer_network') }},

{{ judged_rows('importer__dealer_network') }}

select * from final
