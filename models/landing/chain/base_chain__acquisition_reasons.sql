{{ config(**load_config('chain__acquisition_reasons')) }}

with {{ parsed_rows('chain__acquisition_reasons') }},

{{ matched_rows('chain__acquisition_reasons') }},

{{ judged_rows('chain__acquisition_reasons') }}

select * from final
