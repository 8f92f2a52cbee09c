with

spine as (

    {{ dbt.date_spine('day', "cast('" ~ var('first_date') ~ "' as date)", "cast('" ~ var('end_date') ~ "' as date)") }}

)

select
    cast(date_day as date) as date_day,
    {{ quarter_start('date_day') }} as quarter_start_on,
    cast(date_trunc('month', date_day) as date) as month_start_on,
    cast(extract(year from date_day) as integer) as calendar_year,
    cast(extract(quarter from date_day) as integer) as calendar_quarter,
    cast(extract(month from date_day) as integer) as calendar_month,
    concat_ws(
        '-Q',
        cast(extract(year from date_day) as {{ dbt.type_string() }}),
        cast(extract(quarter from date_day) as {{ dbt.type_string() }})
    )
        as quarter_name
from spine
