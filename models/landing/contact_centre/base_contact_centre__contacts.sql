{{ config(**load_config('contact_centre__contacts')) }}

with {{ parsed_rows('contact_centre__contacts') }},

{{ matched_rows('contact_centre__contacts') }},

{{ judged_rows('contact_centre__contacts', rules=[
    ['closed_before_opened:closed_at', lies_before('contact_centre__contacts', 'closed_at', 'opened_at')],
]) }}

select * from final
