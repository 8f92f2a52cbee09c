{{ config(**load_config('chain__identity_decisions')) }}

with {{ parsed_rows('chain__identity_decisions') }},

{{ matched_rows('chain__identity_decisions') }},

{{ judged_rows('chain__identity_decisions') }}

select * from final
