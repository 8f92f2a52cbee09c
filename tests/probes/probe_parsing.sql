-- Every macro that reads a value of a landing file, applied to a table of texts: for tests/statistics/test_values.py.
with

texts as (

    select
        *,
        {{ parse_timestamp('t', "'Europe/Amsterdam'") }} as as_moment
    from probe_texts

)

select
    t,
    {{ parse_date('t') }} as as_date,
    {{ parse_dutch_date('t') }} as as_dutch_date,
    {{ parse_month('t') }} as as_month,
    {{ parse_decimal('t') }} as as_number,
    {{ parse_dutch_decimal('t') }} as as_dutch_number,
    {{ parse_integer('t') }} as as_whole_number,
    {{ parse_score('t') }} as as_score,
    as_moment,
    {{ parse_timestamp_day('t', 'as_moment', "'America/New_York'") }} as as_local_day,
    {{ moment_again('t', 'as_moment', "'Europe/Amsterdam'") }} as as_moment_again
from texts
order by place
