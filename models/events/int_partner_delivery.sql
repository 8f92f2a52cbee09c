with

partner_days as (

    select * from {{ ref('int_partner_day') }}

),

period as (

    select * from {{ ref('int_period') }}

),

gaps as (

    select
        partner_days.partner_code,
        partner_days.happened_on,
        period.as_of_on,
        {{ days_between(
            'lag(partner_days.happened_on) over (partition by partner_days.partner_code order by partner_days.happened_on)',
            'partner_days.happened_on',
        ) }} as gap_days
    from partner_days
    cross join period
    where partner_days.happened_on <= period.as_of_on

),

rhythms as (

    select
        partner_code,
        as_of_on,
        max(happened_on) as last_on,
        coalesce(max(gap_days), 0) as longest_gap_days,
        -- one day alone has no rhythm
        coalesce(avg(cast(gap_days as double)), {{ var('delivery_quiet_days') }}) as usual_gap_days
    from gaps
    group by partner_code, as_of_on

),

quiet as (

    select
        *,
        {{ days_between('last_on', 'as_of_on') }} as quiet_days,
        greatest(
            {{ var('delivery_quiet_days') }}, longest_gap_days, {{ var('delivery_quiet_gaps') }} * usual_gap_days
        ) as bearable_days
    from rhythms

)

select
    partner_code,
    last_on,
    quiet_days,
    usual_gap_days,
    longest_gap_days,
    case when quiet_days > bearable_days then last_on end as ended_on
from quiet
