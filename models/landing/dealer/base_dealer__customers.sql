{{ config(
    materialized=load_materialization('dealer__customers'),
    pre_hook="{{ forget_touched_rows('dealer__customers') }}",
) }}

with

{{ parsed_rows('dealer__customers') }},

{{ matched_rows('dealer__customers') }},

{{ judged_rows('dealer__customers') }}

select * from final
