-- Every accepted transaction is in the fact once, with its money: nothing fans out, nothing is lost on a join. What
-- staging holds, less what was cancelled or rejected late, must be what the fact holds. Lines that take back a whole
-- purchase have its amounts, so that the two come to 0: they are counted, and their amounts compared with its.
with

staged as (

    {% for dataset in datasets_of('transaction') -%}
        select
            row_key,
            {{ named(column_or_null(dataset, 'status', dbt.type_string()), 'status') }},
            revenue_eur,
            {{ margin_or_null(dataset) }}
        from {{ ref('stg_' ~ dataset) }}
        {% if not loop.last %}
            union all

        {% endif -%}
    {% endfor %}

),

given as (

    select row_key
    from {{ ref('int_taken_back') }}
    where revenue_eur is not null

),

expected as (

    select
        count(*) as rows_held,
        sum(case when given.row_key is null then staged.revenue_eur end) as revenue_eur,
        sum(case when given.row_key is null then staged.margin_eur end) as margin_eur
    from staged
    left join given on staged.row_key = given.row_key
    left join {{ ref('int_late_reject') }} as late_rejects on staged.row_key = late_rejects.row_key
    where late_rejects.row_key is null and staged.status is distinct from 'cancelled'

),

found as (

    select
        count(*) as rows_held,
        sum(case when given.row_key is null then facts.revenue_eur end) as revenue_eur,
        sum(case when given.row_key is null then facts.margin_eur end) as margin_eur
    from {{ ref('fct_transaction') }} as facts
    left join given on facts.transaction_key = given.row_key

),

left_over as (

    select count(*) as pairs
    from {{ ref('fct_transaction') }} as halves
    inner join given on halves.transaction_key = given.row_key
    inner join {{ ref('fct_transaction') }} as purchases on halves.reverses_transaction_key = purchases.transaction_key
    where
        not purchases.is_reversed
        or halves.revenue_eur + purchases.revenue_eur != 0
        or halves.margin_eur + purchases.margin_eur != 0

)

select
    expected.rows_held as expected_transactions,
    found.rows_held as found_transactions,
    expected.revenue_eur as expected_revenue_eur,
    found.revenue_eur as found_revenue_eur,
    left_over.pairs as pairs_left_over
from expected
cross join found
cross join left_over
where
    expected.rows_held != found.rows_held
    or expected.revenue_eur is distinct from found.revenue_eur
    or expected.margin_eur is distinct from found.margin_eur
    or left_over.pairs > 0
