{{ config(
    materialized=load_materialization('chain__benchmarks'),
    pre_hook="{{ forget_touched_rows('chain__benchmarks') }}",
) }}

with

{{ parsed_rows('chain__benchmarks') }},

{{ matched_rows('chain__benchmarks') }},

{{ judged_rows('chain__benchmarks') }}

select * from final
