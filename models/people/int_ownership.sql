{{ config(
    pre_hook="{{ keep_before() }}",
) }}

with

taken_back as (

    select * from {{ ref('int_taken_back') }}

),

changes as (

    {% for dataset in datasets_with('hands_over', true) -%}
        -- what was cancelled or taken back never changed hands
        select
            {{ named('orders.' ~ identity_columns(dataset)['serial'], 'serial_hash') }},
            orders.{{ day_of(dataset) }} as changed_on,
            orders.{{ customer_column(dataset) }} as owner_hash
        from {{ ref('stg_' ~ dataset) }} as orders
        left join taken_back on orders.row_key = taken_back.row_key
        where
            orders.{{ identity_columns(dataset)['serial'] }} is not null
            and orders.revenue >= 0
            and taken_back.row_key is null

        union all

    {% endfor -%}
    -- "no longer mine": from here on the owner is unknown, until a later sale names one
    {% for dataset in datasets_of('survey') if 'still_owner' in landing_dataset(dataset)['columns'] -%}
        select
            serial_hash,
            {{ day_column(dataset, landing_dataset(dataset)['answered']) }} as changed_on,
            cast(null as bigint) as owner_hash
        from {{ ref('stg_' ~ dataset) }}
        where
            serial_hash is not null
            and {{ day_column(dataset, landing_dataset(dataset)['answered']) }} is not null
            and not still_owner
        {% if not loop.last %}
            union all

        {% endif -%}
    {% endfor %}

),

-- typed in where none is known, and no unit that changes hands
of_many as (

    {{ serials_of_many() }}

),

one_change_a_day as (

    select
        changes.serial_hash,
        changes.changed_on,
        -- a sale on the same day says more than a "no longer mine"
        min(changes.owner_hash) as owner_hash
    from changes
    left join of_many on changes.serial_hash = of_many.serial_hash
    where of_many.serial_hash is null
    group by changes.serial_hash, changes.changed_on

)

select
    serial_hash,
    row_number() over (partition by serial_hash order by changed_on) as ownership_number,
    owner_hash,
    changed_on as owned_from,
    {{ add_days('lead(changed_on) over (partition by serial_hash order by changed_on)', -1) }} as owned_to
from one_change_a_day
