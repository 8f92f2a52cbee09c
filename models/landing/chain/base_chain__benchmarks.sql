{{ config(**load_config('chain__benchmarks')) }}

with {{ parsed_rows('chain__benchmarks') }},

{{ matched_rows('chain__benchmarks') }},

{{ judged_rows('chain__benchmarks') }}

select * from final
