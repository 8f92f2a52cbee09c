with

responses as (

    select * from {{ ref('fct_nps_response') }}

),

transactions as (

    select * from {{ ref('fct_transaction') }}

),

period as (

    select * from {{ ref('int_period') }}

),

partner_versions as (

    select * from {{ ref('int_partner_version') }}

),

links as (

    select * from {{ ref('links') }}

),

customer_ownerships as (

    select * from {{ ref('int_customer_ownership') }}

),

-- The day a respondent's last unit changed hands; null while one is still owned.
ownership_ends as (

    select
        responses.response_key,
        case
            when count(*) = count(customer_ownerships.owned_to) then max(customer_ownerships.owned_to)
        end as ownership_end_on
    from responses
    inner join customer_ownerships
        on
            responses.customer_key = customer_ownerships.customer_key
            and responses.chain_key = customer_ownerships.chain_key
            and responses.response_on >= customer_ownerships.owned_from
            and responses.response_on < {{ open_end('customer_ownerships.owned_to') }}
    group by responses.response_key

),

anchors as (

    select
        responses.response_key,
        responses.chain_key,
        responses.link_key,
        responses.chain_link_key,
        responses.partner_key,
        responses.customer_key,
        responses.nps_category,
        responses.response_on,
        partner_versions.partner_code,
        links.is_point_of_sale,
        case
            when ownership_ends.ownership_end_on < period.as_of_on then ownership_ends.ownership_end_on
            else period.as_of_on
        end as followed_to,
        case
            when ownership_ends.ownership_end_on < period.as_of_on then 'ownership_end'
            else 'as_of'
        end as censoring_reason
    from responses
    cross join period
    inner join partner_versions on responses.partner_key = partner_versions.partner_key
    inner join links on responses.link_key = links.link_key
    left join ownership_ends on responses.response_key = ownership_ends.response_key
    where
        responses.customer_key is not null
        -- follow-up begins the day after the response
        and responses.response_on < period.as_of_on

),

paid as (

    select
        transactions.customer_key,
        transactions.chain_key,
        transactions.transaction_on,
        partner_versions.partner_code
    from transactions
    inner join partner_versions on transactions.partner_key = partner_versions.partner_key
    where transactions.is_customer_paid and transactions.customer_key is not null

),

next_transactions as (

    select
        anchors.response_key,
        min(paid.transaction_on) as next_in_chain_on,
        min(paid.transaction_on) filter (where paid.partner_code = anchors.partner_code) as next_at_partner_on
    from anchors
    inner join paid
        on
            anchors.customer_key = paid.customer_key
            and anchors.chain_key = paid.chain_key
            and anchors.response_on < paid.transaction_on
            and anchors.followed_to >= paid.transaction_on
    group by anchors.response_key

),

measured as (

    select
        anchors.*,
        'chain' as retention_measure,
        next_transactions.next_in_chain_on as event_on
    from anchors
    left join next_transactions on anchors.response_key = next_transactions.response_key

    union all

    -- only where something is sold can a customer come back to the same partner
    select
        anchors.*,
        'partner' as retention_measure,
        next_transactions.next_at_partner_on as event_on
    from anchors
    left join next_transactions on anchors.response_key = next_transactions.response_key
    where anchors.is_point_of_sale

)

select
    response_key,
    chain_key,
    link_key,
    chain_link_key,
    partner_key,
    customer_key,
    retention_measure,
    nps_category,
    response_on,
    {{ add_days('response_on', 1) }} as entry_on,
    coalesce(event_on, followed_to) as exit_on,
    {{ days_between('response_on', 'coalesce(event_on, followed_to)') }} as duration_days,
    event_on is not null as is_event,
    case when event_on is null then censoring_reason end as censoring_reason
from measured
where coalesce(event_on, followed_to) > response_on
