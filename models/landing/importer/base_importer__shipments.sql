{{ config(**load_config('importer__shipments')) }}

with {{ parsed_rows('importer__shipments') }},

{{ matched_rows('importer__shipments') }},

{{ judged_rows('importer__shipments') }}

select * from final
