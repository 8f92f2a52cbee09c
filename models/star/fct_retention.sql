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

deliveries as (

    select * from {{ ref('int_partner_delivery') }}

),

purchases as {{ inline_cte() }} (

    select
        transactions.transaction_key,
        transactions.customer_key,
        transactions.chain_key,
        transactions.transaction_on,
        -- what was agreed before an answer doesn't come after it
        least(coalesce(transactions.ordered_on, transactions.transaction_on), transactions.transaction_on) as agreed_on,
        partner_versions.partner_code
    from transactions
    inner join partner_versions on transactions.partner_key = partner_versions.partner_key
    where transactions.is_retention_event and transactions.customer_key is not null

),

scored as (

    select
        responses.response_key,
        responses.chain_key,
        responses.link_key,
        responses.chain_link_key,
        responses.partner_key,
        responses.customer_key,
        responses.nps_category,
        responses.response_on,
        responses.transaction_key,
        partner_versions.partner_code,
        period.as_of_on,
        ownership_ends.ownership_end_on,
        deliveries.ended_on,
        -- whose own sales show who came back
        links.is_point_of_sale and deliveries.partner_code is not null as is_delivering,
        links.is_point_of_sale and deliveries.partner_code is null as is_never_delivering
    from responses
    cross join period
    inner join partner_versions on responses.partner_key = partner_versions.partner_key
    inner join links on responses.link_key = links.link_key
    left join ownership_ends on responses.response_key = ownership_ends.response_key
    left join deliveries on partner_versions.partner_code = deliveries.partner_code
    where
        responses.customer_key is not null
        -- follow-up begins the day after the response
        and responses.response_on < period.as_of_on

),

-- Where the link scored sells nothing, or delivers no sale, the customer would be seen where it last bought. Few
-- partners' deliveries end, so their customers are asked first.
customers_of_ended as (

    select distinct
        purchases.customer_key,
        purchases.chain_key
    from purchases
    inner join deliveries on purchases.partner_code = deliveries.partner_code
    where deliveries.ended_on is not null

),

seen_elsewhere as (

    select scored.*
    from scored
    left join customers_of_ended
        on scored.customer_key = customers_of_ended.customer_key and scored.chain_key = customers_of_ended.chain_key
    where scored.is_never_delivering or (not scored.is_delivering and customers_of_ended.customer_key is not null)

),

last_bought as (

    select
        seen_elsewhere.response_key,
        deliveries.ended_on
    from seen_elsewhere
    inner join purchases
        on
            seen_elsewhere.customer_key = purchases.customer_key
            and seen_elsewhere.chain_key = purchases.chain_key
            and seen_elsewhere.response_on >= purchases.transaction_on
    inner join deliveries on purchases.partner_code = deliveries.partner_code
    qualify row_number() over (
        partition by seen_elsewhere.response_key
        order by purchases.transaction_on desc, {{ open_end('deliveries.ended_on') }} desc
    ) = 1

),

seen as (

    select
        scored.*,
        coalesce(
            case when scored.is_delivering then scored.ended_on else last_bought.ended_on end, scored.as_of_on
        ) as delivered_to
    from scored
    left join last_bought on scored.response_key = last_bought.response_key
    where not scored.is_never_delivering or last_bought.response_key is not null

),

anchors as (

    select
        *,
        least(delivered_to, {{ open_end('ownership_end_on') }}) as followed_to,
        case
            when ownership_end_on < as_of_on and ownership_end_on <= delivered_to then 'ownership_end'
            when delivered_to < as_of_on then 'deliveries_end'
            else 'as_of'
        end as censoring_reason
    from seen

),

next_transactions as (

    select
        anchors.response_key,
        min(purchases.transaction_on) as next_in_chain_on,
        min(purchases.transaction_on) filter (where purchases.partner_code = anchors.partner_code) as next_at_partner_on
    from anchors
    inner join purchases
        on
            anchors.customer_key = purchases.customer_key
            and anchors.chain_key = purchases.chain_key
            and anchors.response_on < purchases.agreed_on
            and anchors.transaction_key is distinct from purchases.transaction_key
            and anchors.followed_to >= purchases.transaction_on
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
    where anchors.is_delivering

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
    delivered_to,
    {{ add_days('response_on', 1) }} as entry_on,
    coalesce(event_on, followed_to) as exit_on,
    {{ days_between('response_on', 'coalesce(event_on, followed_to)') }} as duration_days,
    event_on is not null as is_event,
    case when event_on is null then censoring_reason end as censoring_reason
from measured
where coalesce(event_on, followed_to) > response_on
