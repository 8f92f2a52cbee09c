{{ config(
    materialized=load_materialization('importer__ownership_survey'),
    pre_hook="{{ forget_touched_rows('importer__ownership_survey') }}",
) }}

with

{{ parsed_rows('importer__ownership_survey') }},

{{ matched_rows('importer__ownership_survey') }},

{{ judged_rows('importer__ownership_survey') }}

select * from final
