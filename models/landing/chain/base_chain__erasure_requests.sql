{{ config(
    materialized=load_materialization('chain__erasure_requests'),
    pre_hook="{{ forget_touched_rows('chain__erasure_requests') }}",
) }}

with

{{ parsed_rows('chain__erasure_requests') }},

{{ matched_rows('chain__erasure_requests') }},

{{ judged_rows('chain__erasure_requests') }}

select * from final
