-- Average attributable fractions of three causes from what each subset brings: for tests/statistics/test_joint.py.
select
    game,
    {%- for place in range(1, 4) %}
        {{ average_attributable('worth_', place, 3) }} as average_{{ place }},
    {%- endfor %}
    {{ put_right(7, 3, 'alone_', 'both_', 'whole') }} as all_right,
    {{ put_right(5, 3, 'alone_', 'both_', 'whole') }} as outer_right,
    {{ put_right(2, 3, 'alone_', 'both_', 'whole') }} as middle_right
from probe_games
