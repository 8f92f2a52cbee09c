{{ config(**load_config('chain__erasure_requests')) }}

with {{ parsed_rows('chain__erasure_requests') }},

{{ matched_rows('chain__erasure_requests') }},

{{ judged_rows('chain__erasure_requests') }}

select * from final
