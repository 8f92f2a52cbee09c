with

votes as (

    select * from {{ ref('int_customer_vote') }}

),

builds_before as (

    select * from {{ source('raw', 'raw_customer_builds') }}

),

-- a component is named by one of its identities
customers as (

    select component_key
    from (
        {{ all_identities() }}
    ) as identities
    where node_key = component_key

),

-- a key goes with most of those who had it
heirs as (

    select *
    from votes
    qualify row_number() over (partition by old_customer_key order by identities desc, component_key asc) = 1

),

-- and of several keys a customer takes that of most of its identities
kept as (

    select
        component_key,
        old_customer_key as customer_key
    from heirs
    qualify row_number() over (partition by component_key order by identities desc, old_customer_key asc) = 1

),

newcomers as (

    select
        customers.component_key,
        {{ usual_customer_key('customers.component_key') }} as usual_key
    from customers
    left join kept on customers.component_key = kept.component_key
    where kept.component_key is null

),

judged as (

    select
        newcomers.component_key,
        newcomers.usual_key,
        kept.customer_key is not null as is_taken
    from newcomers
    left join kept on newcomers.usual_key = kept.customer_key

),

-- by chance: one pair among some sixty million customers
shared as (

    select
        usual_key,
        min(component_key) as first_component_key
    from judged
    where not is_taken
    group by usual_key
    having count(*) > 1

),

others as (

    select component_key
    from judged
    where is_taken

    union all

    select judged.component_key
    from judged
    inner join shared
        on judged.usual_key = shared.usual_key and judged.component_key != shared.first_component_key
    where not judged.is_taken

),

given_before as (

    select coalesce(max(last_given_key), {{ first_given_customer_key() }} - 1) as last_given_key
    from builds_before

)

select
    component_key,
    customer_key
from kept
where customer_key != {{ usual_customer_key('component_key') }}

union all

select
    others.component_key,
    given_before.last_given_key + row_number() over (order by others.component_key) as customer_key
from others
cross join given_before
