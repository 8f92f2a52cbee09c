{{ config(**load_config('chain__programme_costs')) }}

with {{ parsed_rows('chain__programme_costs') }},

{{ matched_rows('chain__programme_costs') }},

{{ judged_rows('chain__programme_costs') }}

select * from final
