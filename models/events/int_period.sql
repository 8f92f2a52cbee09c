{{ config(
    pre_hook="{{ keep_before() }}",
) }}

with

event_days as (

    select * from {{ ref('int_event_day') }}

),

compared as (

    select
        happened_on,
        events,
        sum(events) over (order by happened_on desc) as events_from_here,
        sum(events) over () as events_in_all,
        {{ days_between('lag(happened_on) over (order by happened_on)', 'happened_on') }} as gap_days
    from event_days

),

-- Rows dated ahead would end nobody's follow-up where it really ended: what is after today hasn't happened, and a
-- handful of events after a long silence are mistyped.
strays as (

    select min(happened_on) as first_stray_on
    from compared
    where
        happened_on > cast('{{ run_started_at.strftime("%Y-%m-%d") }}' as date)
        or (
            gap_days > {{ var('stray_gap_days') }}
            and events_from_here <= greatest(1, {{ var('stray_max_share') }} * events_in_all)
        )

),

last_event as (

    select max(event_days.happened_on) as last_event_on
    from strays
    left join event_days on strays.first_stray_on is null or strays.first_stray_on > event_days.happened_on

),

as_of as (

    select
        coalesce(
            cast({{ "'" ~ var('as_of_date') ~ "'" if var('as_of_date') else 'null' }} as date),
            last_event_on,
            cast('{{ var("first_date") }}' as date)
        ) as as_of_on
    from last_event

),

last_whole_quarter as (

    select
        as_of_on,
        -- the quarter that holds the next day began at most one day after the last whole quarter ended
        {{ quarter_start(add_days('as_of_on', 1)) }} as next_quarter_on
    from as_of

)

select
    as_of_on,
    cast({{ dbt.dateadd('month', -3 * var('trailing_quarters'), 'next_quarter_on') }} as date) as trailing_from,
    {{ add_days('next_quarter_on', -1) }} as trailing_to
from last_whole_quarter
