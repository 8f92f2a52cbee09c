with

partner_versions as (

    select * from {{ ref('int_partner_version') }}
    where is_current

),

links as (

    select * from {{ ref('links') }}

),

deliveries as (

    select * from {{ ref('int_partner_delivery') }}

),

responses as (

    select * from {{ ref('int_survey_response') }}

),

period as (

    select * from {{ ref('int_period') }}

),

points_of_sale as (

    select
        partner_versions.partner_code,
        period.as_of_on,
        deliveries.last_on,
        deliveries.quiet_days,
        deliveries.longest_gap_days,
        deliveries.ended_on
    from partner_versions
    cross join period
    inner join links on partner_versions.link_key = links.link_key
    left join deliveries on partner_versions.partner_code = deliveries.partner_code
    where links.is_point_of_sale and (deliveries.partner_code is null or deliveries.ended_on is not null)

),

counted as (

    select
        points_of_sale.partner_code,
        points_of_sale.last_on,
        points_of_sale.quiet_days,
        points_of_sale.longest_gap_days,
        count(responses.response_key) as answers,
        count(*) filter (
            where responses.response_on >= coalesce(points_of_sale.ended_on, responses.response_on)
        ) as answers_after
    from points_of_sale
    left join responses
        on
            points_of_sale.partner_code = responses.partner_code
            and points_of_sale.as_of_on >= responses.response_on
    group by all

)

select
    case when last_on is null then 'no_deliveries' else 'deliveries_ended' end as warning_code,
    cast(null as {{ dbt.type_string() }}) as dataset,
    partner_code,
    cast(null as {{ dbt.type_string() }}) as file_path,
    cast(answers_after as bigint) as rows_affected,
    cast(answers as bigint) as rows_total,
    case
        when last_on is null
            then 'It surveys its customers and delivers no sale, so that none of them can be seen to come back there.'
        else
            'Its last sale is of ' || cast(last_on as {{ dbt.type_string() }}) || ', '
            || cast(quiet_days as {{ dbt.type_string() }})
            || ' days before the data end, and it was never quiet for more than '
            || cast(longest_gap_days as {{ dbt.type_string() }})
            || ' days before: its deliveries have stopped, or it has closed, '
            || 'and its customers are followed to that day only.'
    end as sentence
from counted
-- who neither sells nor asks has nobody to follow
where last_on is not null or answers > 0
