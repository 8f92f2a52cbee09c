{{ config(**load_config('contact_centre__surveys')) }}

with {{ parsed_rows('contact_centre__surveys') }},

{{ matched_rows('contact_centre__surveys') }},

{{ judged_rows('contact_centre__surveys') }}

select * from final
