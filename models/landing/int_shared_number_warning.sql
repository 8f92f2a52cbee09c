{#- Numbers that are typed in where none is known, seen by what hangs on them: the word for it is somebody's own. -#}
with

purchases as (

    {% for dataset in datasets_of('transaction') -%}
        select
            '{{ dataset }}' as dataset,
            partner_code,
            {{ named(customer_column(dataset), 'customer_hash') }},
            count(*) as purchases
        from {{ ref('stg_' ~ dataset) }}
        where {{ customer_column(dataset) }} is not null
        group by partner_code, {{ customer_column(dataset) }}
        {% if not loop.last %}
            union all

        {% endif -%}
    {% endfor %}

),

totals as (

    select
        dataset,
        partner_code,
        count(*) as numbers,
        sum(purchases) as all_purchases
    from purchases
    group by dataset, partner_code

),

compared as (

    select
        purchases.dataset,
        purchases.partner_code,
        purchases.purchases,
        totals.all_purchases,
        cast(totals.all_purchases - purchases.purchases as double) / nullif(totals.numbers - 1, 0) as usual_purchases
    from purchases
    inner join totals on purchases.dataset = totals.dataset and purchases.partner_code = totals.partner_code

),

-- so many, of so much, and so much more than any usual customer: a keen buyer of a large shop is not
customers_of_many as (

    select
        dataset,
        partner_code,
        count(*) as numbers,
        sum(purchases) as purchases,
        max(all_purchases) as all_purchases
    from compared
    where
        purchases >= {{ var('number_of_many_min_purchases') }}
        and purchases > all_purchases * {{ var('number_of_many_min_share') }}
        and purchases > usual_purchases * {{ var('number_of_many_times') }}
    group by dataset, partner_code

),

of_many as (

    {{ serials_of_many() }}

),

serials as (

    {% for dataset in datasets_with('hands_over', true) -%}
        select
            '{{ dataset }}' as dataset,
            sales.partner_code,
            count(distinct of_many.serial_hash) as numbers,
            count(of_many.serial_hash) as purchases,
            count(*) as all_purchases
        from {{ ref('stg_' ~ dataset) }} as sales
        left join of_many on sales.{{ identity_columns(dataset)['serial'] }} = of_many.serial_hash
        where sales.{{ identity_columns(dataset)['serial'] }} is not null
        group by sales.partner_code
        having count(of_many.serial_hash) > 0
        {% if not loop.last %}
            union all

        {% endif -%}
    {% endfor %}

),

found as (

    select
        *,
        ' customer number has ' as said_of_one,
        ' customer numbers have ' as said_of_several,
        ' purchases with one: probably typed in where none is known, or a large firm.' as likely_cause,
        1 as place
    from customers_of_many

    union all

    select
        *,
        ' serial number stands in ' as said_of_one,
        ' serial numbers stand in ' as said_of_several,
        ' sales with one, of more buyers than a unit has owners: probably typed in where none is known.'
            as likely_cause,
        2 as place
    from serials

)

select
    'number_of_many' as warning_code,
    dataset,
    partner_code,
    cast(null as {{ dbt.type_string() }}) as file_path,
    cast(purchases as bigint) as rows_affected,
    cast(all_purchases as bigint) as rows_total,
    concat(
        cast(numbers as {{ dbt.type_string() }}),
        case when numbers = 1 then said_of_one else said_of_several end,
        cast(purchases as {{ dbt.type_string() }}), ' of ', cast(all_purchases as {{ dbt.type_string() }}),
        likely_cause
    ) as sentence
from found
-- of one source the customers, of whom more hangs
qualify row_number() over (partition by dataset, partner_code order by place) = 1
