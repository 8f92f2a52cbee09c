{{ config(**load_config('chain__follow_ups')) }}

with {{ parsed_rows('chain__follow_ups') }},

{{ matched_rows('chain__follow_ups') }},

{{ judged_rows('chain__follow_ups', rules=[
    ['closed_before_opened:closed_on', 'closed_on < opened_on'],
]) }}

select * from final
