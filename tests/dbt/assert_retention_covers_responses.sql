-- Every response of a resolved customer before the as-of date is followed in the chain, once, for at least a day,
-- unless its ownership had ended by then.
with

expected as (

    select responses.response_key
    from {{ ref('fct_nps_response') }} as responses
    cross join {{ ref('int_period') }} as period
    where responses.customer_key is not null and responses.response_on < period.as_of_on

),

found as (

    select
        response_key,
        count(*) as retention_rows,
        min(duration_days) as duration_days
    from {{ ref('fct_retention') }}
    where retention_measure = 'chain'
    group by response_key

)

select
    expected.response_key,
    found.response_key as found_response_key,
    found.retention_rows
from expected
full outer join found on expected.response_key = found.response_key
where
    expected.response_key is null
    or found.response_key is null
    or found.retention_rows != 1
    or found.duration_days < 1
