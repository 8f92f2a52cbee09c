{{ config(
    materialized=load_materialization('chain__acquisition_reasons'),
    pre_hook="{{ forget_touched_rows('chain__acquisition_reasons') }}",
) }}

with

{{ parsed_rows('chain__acquisition_reasons') }},

{{ matched_rows('chain__acquisition_reasons') }},

{{ judged_rows('chain__acquisition_reasons') }}

select * from final
