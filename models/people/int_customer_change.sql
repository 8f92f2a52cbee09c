with

votes as (

    select * from {{ ref('int_customer_vote') }}

),

customer_keys as (

    select * from {{ ref('int_customer_key') }}

),

keyed as (

    select
        votes.old_customer_key,
        coalesce(customer_keys.customer_key, {{ usual_customer_key('votes.component_key') }}) as new_customer_key
    from votes
    left join customer_keys on votes.component_key = customer_keys.component_key

),

changed as (

    select *
    from keyed
    where old_customer_key != new_customer_key

),

-- of the keys that changes name: those that somebody had before, and those that somebody of before still has
had_before as (

    select distinct votes.old_customer_key as customer_key
    from votes
    inner join changed on votes.old_customer_key = changed.new_customer_key

),

still_there as (

    select distinct keyed.new_customer_key as customer_key
    from keyed
    inner join changed on keyed.new_customer_key = changed.old_customer_key

)

select
    changed.old_customer_key,
    changed.new_customer_key,
    case
        when had_before.customer_key is null then 'split_from'
        when still_there.customer_key is null then 'merged_into'
        else 'moved_to'
    end as change_kind
from changed
left join had_before on changed.new_customer_key = had_before.customer_key
left join still_there on changed.old_customer_key = still_there.customer_key
