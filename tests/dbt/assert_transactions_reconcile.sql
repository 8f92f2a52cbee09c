-- Every accepted transaction is in the fact once, with its money: nothing fans out, nothing is lost on a join.
-- What staging holds less what was rejected late must be what the fact holds.
with

staged as (

    {% for dataset in datasets_of('transaction') -%}
        select
            row_key,
            revenue_eur,
            {{ margin_or_null(dataset) }}
        from {{ ref('stg_' ~ dataset) }}
        {% if not loop.last %}
            union all

        {% endif -%}
    {% endfor %}

),

expected as (

    select
        count(*) as rows_held,
        sum(staged.revenue_eur) as revenue_eur,
        sum(staged.margin_eur) as margin_eur
    from staged
    left join {{ ref('int_late_reject') }} as late_rejects on staged.row_key = late_rejects.row_key
    where late_rejects.row_key is null

),

found as (

    select
        count(*) as rows_held,
        sum(revenue_eur) as revenue_eur,
        sum(margin_eur) as margin_eur
    from {{ ref('fct_transaction') }}

)

select
    expected.rows_held as expected_transactions,
    found.rows_held as found_transactions,
    expected.revenue_eur as expected_revenue_eur,
    found.revenue_eur as found_revenue_eur
from expected
cross join found
where
    expected.rows_held != found.rows_held
    or expected.revenue_eur is distinct from found.revenue_eur
    or expected.margin_eur is distinct from found.margin_eur
