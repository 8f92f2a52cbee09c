{{ config(
    materialized=load_materialization('manufacturer__products'),
    pre_hook="{{ forget_touched_rows('manufacturer__products') }}",
) }}

with

{{ parsed_rows('manufacturer__products') }},

{{ matched_rows('manufacturer__products') }},

{{ judged_rows('manufacturer__products') }}

select * from final
