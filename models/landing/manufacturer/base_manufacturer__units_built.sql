{{ config(
    materialized=load_materialization('manufacturer__units_built'),
    pre_hook="{{ forget_touched_rows('manufacturer__units_built') }}",
) }}

with

{{ parsed_rows('manufacturer__units_built') }},

{{ matched_rows('manufacturer__units_built') }},

{{ judged_rows('manufacturer__units_built') }}

select * from final
