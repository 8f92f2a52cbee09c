{{ config(
    pre_hook="{{ keep_before() }}",
) }}

{#- Which transactions don't stand. A line says itself what it takes back, or, as tills and dealers' systems write
    credit notes, stands below 0 and names nothing: then it takes back the customer's last purchase of the same amount that no
    other line took back. Few lines take back, so purchases are looked up by them. -#}
{%- set same = ['dataset', 'partner_code', 'customer_hash', 'currency'] -%}
with

{% for dataset in datasets_of('transaction') -%}
    {{ dataset }}_lines as {{ inline_cte() }} (

        select
            row_key,
            '{{ dataset }}' as dataset,
            partner_code,
            {{ named(number_column(dataset), 'transaction_no') }},
            {{ named(customer_column(dataset), 'customer_hash') }},
            {{ named(day_of(dataset), 'transaction_on') }},
            currency,
            revenue,
            revenue_eur,
            {{ margin_or_null(dataset) }},
            {{ named(column_or_null(dataset, 'reverses', dbt.type_string()), 'reverses') }},
            {{ named(column_or_null(dataset, 'status', dbt.type_string()), 'status') }}
        from {{ ref('stg_' ~ dataset) }}

    ),

{% endfor -%}

lines as {{ inline_cte() }} (

    {% for dataset in datasets_of('transaction') -%}
        select * from {{ dataset }}_lines
        {% if not loop.last %}
            union all
        {% endif -%}
    {% endfor %}

),

cancelled as (

    select row_key
    from lines
    where status = 'cancelled'

),

taking_back as (

    select *
    from lines
    where (revenue < 0 or reverses is not null) and status is distinct from 'cancelled'

),

named as (

    select
        taking_back.row_key as line_key,
        purchases.row_key as purchase_key,
        taking_back.revenue as line_revenue,
        purchases.revenue,
        purchases.revenue_eur,
        purchases.margin_eur
    from lines as purchases
    inner join taking_back
        on
            purchases.dataset = taking_back.dataset
            and purchases.partner_code = taking_back.partner_code
            and purchases.transaction_no = taking_back.reverses
            and purchases.currency = taking_back.currency
    where purchases.revenue > 0 and purchases.status is distinct from 'cancelled'

),

named_in_all as (

    select
        named.*,
        sum(named.line_revenue) over (partition by named.purchase_key) + named.revenue <= 0 as is_in_full
    from named

),

unnamed as (

    select taking_back.*
    from taking_back
    left join named on taking_back.row_key = named.line_key
    where taking_back.revenue < 0 and taking_back.customer_hash is not null and named.line_key is null

),

amounts_looked_for as (

    select distinct
        {{ same | join(',\n        ') }},
        -revenue as amount
    from unnamed

),

moves as (

    select
        lines.row_key,
        lines.{{ same | join(',\n        lines.') }},
        lines.revenue as amount,
        lines.transaction_on,
        lines.revenue_eur,
        lines.margin_eur,
        1 as step
    from lines
    inner join amounts_looked_for as sought
        on
            {% for column in same -%}
                lines.{{ column }} = sought.{{ column }}
                and {% endfor -%}
            lines.revenue = sought.amount
    left join named on lines.row_key = named.purchase_key
    where named.purchase_key is null and lines.status is distinct from 'cancelled'

    union all

    select
        row_key,
        {{ same | join(',\n        ') }},
        -revenue as amount,
        transaction_on,
        revenue_eur,
        margin_eur,
        -1 as step
    from unnamed

),

-- Purchases open and lines close, like brackets. Of one day the purchase comes first, since the order of a day's lines
-- is not told: an exchange, like for like, takes back what it hands out.
counted as (

    select
        *,
        sum(step) over (
            partition by {{ same | join(', ') }}, amount
            order by transaction_on asc, step desc, row_key asc
            rows between unbounded preceding and current row
        ) as balance
    from moves

),

floored as (

    select
        *,
        least(0, min(balance) over (
            partition by {{ same | join(', ') }}, amount
            order by transaction_on asc, step desc, row_key asc
            rows between unbounded preceding and current row
        )) as lowest
    from counted

),

-- how many purchases are open with this one, or just before this line: those of one nesting open and close in turn
deep as (

    select
        *,
        balance - lowest + case when step < 0 then 1 else 0 end as nesting
    from floored

),

paired as (

    select
        row_key as line_key,
        transaction_on as line_on,
        step,
        {%- for column in ['row_key', 'step', 'transaction_on', 'revenue_eur', 'margin_eur'] %}
            lag({{ column }}) over (
                partition by {{ same | join(', ') }}, amount, nesting
                order by transaction_on asc, step desc, row_key asc
            ) as opening_{{ column }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from deep

),

matched as (

    select
        line_key,
        opening_row_key as purchase_key,
        opening_revenue_eur as revenue_eur,
        opening_margin_eur as margin_eur
    from paired
    where
        step < 0
        and opening_step > 0
        and {{ days_between('opening_transaction_on', 'line_on') }} <= {{ var('reversal_days') }}

)

select
    row_key,
    'cancelled' as standing,
    cast(null as bigint) as purchase_key,
    cast(null as {{ euros_type() }}) as revenue_eur,
    cast(null as {{ euros_type() }}) as margin_eur
from cancelled

union all

select distinct
    purchase_key as row_key,
    'taken_back' as standing,
    cast(null as bigint) as purchase_key,
    cast(null as {{ euros_type() }}) as revenue_eur,
    cast(null as {{ euros_type() }}) as margin_eur
from named_in_all
where is_in_full

union all

select
    purchase_key as row_key,
    'taken_back' as standing,
    cast(null as bigint) as purchase_key,
    cast(null as {{ euros_type() }}) as revenue_eur,
    cast(null as {{ euros_type() }}) as margin_eur
from matched

union all

select
    line_key as row_key,
    'takes_back' as standing,
    purchase_key,
    -- only where it takes back the whole alone
    case when line_revenue = -revenue then cast(-revenue_eur as {{ euros_type() }}) end as revenue_eur,
    case when line_revenue = -revenue then cast(-margin_eur as {{ euros_type() }}) end as margin_eur
from named_in_all

union all

select
    line_key as row_key,
    'takes_back' as standing,
    purchase_key,
    cast(-revenue_eur as {{ euros_type() }}) as revenue_eur,
    cast(-margin_eur as {{ euros_type() }}) as margin_eur
from matched
