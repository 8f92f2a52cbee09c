{{ config(
    materialized=load_materialization('contact_centre__surveys'),
    pre_hook="{{ forget_touched_rows('contact_centre__surveys') }}",
) }}

with

{{ parsed_rows('contact_centre__surveys') }},

{{ matched_rows('contact_centre__surveys') }},

{{ judged_rows('contact_centre__surveys') }}

select * from final
