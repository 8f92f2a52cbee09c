with

counted as (

    select
        happened_on,
        sum(orders) as events
    from {{ ref('int_partner_day') }}
    group by happened_on

    union all

    {% for dataset in datasets_of('contact') -%}
        select
            {{ day_of(dataset) }} as happened_on,
            count(*) as events
        from {{ ref('stg_' ~ dataset) }}
        group by {{ day_of(dataset) }}

        union all

    {% endfor -%}
    select
        response_on as happened_on,
        count(*) as events
    from {{ ref('int_survey_response') }}
    group by response_on

)

select
    happened_on,
    cast(sum(events) as bigint) as events
from counted
group by happened_on
