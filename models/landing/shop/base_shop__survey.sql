{{ config(
    materialized=load_materialization('shop__survey'),
    pre_hook="{{ forget_touched_rows('shop__survey') }}",
) }}

with

{{ parsed_rows('shop__survey') }},

{{ matched_rows('shop__survey') }},

{{ judged_rows('shop__survey') }}

select * from final
