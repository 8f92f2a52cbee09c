{{ config(**load_config('importer__ownership_survey')) }}

with {{ parsed_rows('importer__ownership_survey') }},

{{ matched_rows('importer__ownership_survey') }},

{{ judged_rows('importer__ownership_survey') }}

select * from final
