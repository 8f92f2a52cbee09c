-- Every response of a resolved customer before the as-of date is followed in the chain, once, for at least a day,
-- unless deliveries had ended by then: those of the partner scored, or of a partner where the customer bought before.
with

deliveries as (

    select * from {{ ref('int_partner_delivery') }}

),

responses as (

    select
        responses.response_key,
        responses.customer_key,
        responses.chain_key,
        responses.response_on,
        partners.partner_code,
        links.is_point_of_sale
    from {{ ref('fct_nps_response') }} as responses
    cross join {{ ref('int_period') }} as period
    inner join {{ ref('dim_partner') }} as partners on responses.partner_key = partners.partner_key
    inner join {{ ref('links') }} as links on responses.link_key = links.link_key
    where responses.customer_key is not null and responses.response_on < period.as_of_on

),

bought_where_it_ended as (

    select distinct responses.response_key
    from responses
    inner join {{ ref('fct_transaction') }} as bought
        on
            responses.customer_key = bought.customer_key
            and responses.chain_key = bought.chain_key
            and responses.response_on >= bought.transaction_on
    inner join {{ ref('dim_partner') }} as partners on bought.partner_key = partners.partner_key
    inner join deliveries on partners.partner_code = deliveries.partner_code
    where responses.response_on >= deliveries.ended_on

),

expected as (

    select
        responses.response_key,
        case
            when not responses.is_point_of_sale then bought_where_it_ended.response_key is not null
            else deliveries.partner_code is null or responses.response_on >= {{ open_end('deliveries.ended_on') }}
        end as may_be_missing
    from responses
    left join deliveries on responses.partner_code = deliveries.partner_code
    left join bought_where_it_ended on responses.response_key = bought_where_it_ended.response_key

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
    or (found.response_key is null and not expected.may_be_missing)
    or found.retention_rows != 1
    or found.duration_days < 1
