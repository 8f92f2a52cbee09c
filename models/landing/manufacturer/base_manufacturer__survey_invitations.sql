{{ config(**load_config('manufacturer__survey_invitations')) }}

with {{ parsed_rows('manufacturer__survey_invitations') }},

{{ matched_rows('manufacturer__survey_invitations') }},

{{ judged_rows('manufacturer__survey_invitations') }}

select * from final
