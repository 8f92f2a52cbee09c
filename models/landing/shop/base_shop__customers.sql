{{ config(
    materialized=load_materialization('shop__customers'),
    pre_hook="{{ forget_touched_rows('shop__customers') }}",
) }}

with

{{ parsed_rows('shop__customers') }},

{{ matched_rows('shop__customers') }},

{{ judged_rows('shop__customers') }}

select * from final
