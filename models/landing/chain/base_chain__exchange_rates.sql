{{ config(**load_config('chain__exchange_rates')) }}

with {{ parsed_rows('chain__exchange_rates') }},

{{ matched_rows('chain__exchange_rates') }},

{{ judged_rows('chain__exchange_rates') }}

select * from final
