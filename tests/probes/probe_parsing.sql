-- Every macro that reads a value of a landing file, applied to a table of texts: for tests/statistics/test_values.py.
select
    t,
    {{ parse_date('t') }} as as_date,
    {{ parse_dutch_date('t') }} as as_dutch_date,
    {{ parse_month('t') }} as as_month,
    {{ parse_decimal('t') }} as as_number,
    {{ parse_dutch_decimal('t') }} as as_dutch_number,
    {{ parse_integer('t') }} as as_whole_number,
    {{ parse_score('t') }} as as_score,
    {{ parse_timestamp('t', "'Europe/Amsterdam'") }} as as_moment,
    {{ parse_timestamp_day('t', parse_timestamp('t', "'Europe/Amsterdam'"), "'America/New_York'") }} as as_local_day,
    {{ moment_again('t', parse_timestamp('t', "'Europe/Amsterdam'"), "'Europe/Amsterdam'") }} as as_moment_again
from probe_texts
order by place
