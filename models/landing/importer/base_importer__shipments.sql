{{ config(
    materialized=load_materialization('importer__shipments'),
    pre_hook="{{ forget_touched_rows('importer__shipments') }}",
) }}

with

{{ parsed_rows('importer__shipments') }},

{{ matched_rows('importer__shipments') }},

{{ judged_rows('importer__shipments') }}

select * from final
