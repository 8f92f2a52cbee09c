{#- All that the business case needs, added up per bucket of customers, so that the bootstrap's cost doesn't grow with
    the data. -#}
{%- set measures = [
    'exposed', 'complaints', 'customers_with_margin', 'promoters', 'passives', 'detractors',
] -%}
with

meetings as (

    select * from {{ ref('int_link_meeting') }}

),

transactions as (

    select * from {{ ref('fct_transaction') }}
    where customer_key is not null and (is_customer_paid or transaction_kind = 'return')

),

contacts as (

    select * from {{ ref('fct_contact') }}
    where customer_key is not null and reason_code = '{{ var("complaint_reason") }}'

),

responses as (

    select * from {{ ref('fct_nps_response') }}

),

met as (

    select distinct
        chain_link_key,
        chain_key,
        customer_key,
        {{ quarter_start('met_on') }} as quarter_start_on
    from meetings

),

margins as (

    select
        chain_key,
        customer_key,
        {{ quarter_start('transaction_on') }} as quarter_start_on,
        sum(margin_eur) as margin_eur
    from transactions
    group by chain_key, customer_key, {{ quarter_start('transaction_on') }}

),

complaints as (

    select
        chain_key,
        customer_key,
        {{ quarter_start('opened_on') }} as quarter_start_on,
        count(*) as complaints
    from contacts
    group by chain_key, customer_key, {{ quarter_start('opened_on') }}

),

exposed as (

    select
        met.chain_link_key,
        met.quarter_start_on,
        met.customer_key % {{ var('bootstrap_buckets') }} as bucket,
        count(*) as exposed,
        sum(coalesce(complaints.complaints, 0)) as complaints,
        -- bought without a known cost: no margin, and not in the mean
        count(*) filter (where margins.margin_eur is not null or margins.customer_key is null) as customers_with_margin,
        coalesce(sum(margins.margin_eur), 0) as margin_eur,
        0 as promoters,
        0 as passives,
        0 as detractors
    from met
    left join margins
        on
            met.chain_key = margins.chain_key
            and met.customer_key = margins.customer_key
            and met.quarter_start_on = margins.quarter_start_on
    left join complaints
        on
            met.chain_key = complaints.chain_key
            and met.customer_key = complaints.customer_key
            and met.quarter_start_on = complaints.quarter_start_on
    group by met.chain_link_key, met.quarter_start_on, met.customer_key % {{ var('bootstrap_buckets') }}

),

scored as (

    select
        chain_link_key,
        quarter_start_on,
        -- somebody unknown is a customer of their own
        coalesce(customer_key, response_key) % {{ var('bootstrap_buckets') }} as bucket,
        0 as exposed,
        0 as complaints,
        0 as customers_with_margin,
        0 as margin_eur,
        sum(is_promoter) as promoters,
        sum(is_passive) as passives,
        sum(is_detractor) as detractors
    from responses
    group by chain_link_key, quarter_start_on, coalesce(customer_key, response_key) % {{ var('bootstrap_buckets') }}

),

unioned as (

    select * from exposed
    union all
    select * from scored

)

select
    chain_link_key,
    quarter_start_on,
    cast(bucket as integer) as bucket,
    {%- for measure in measures %}
        cast(sum({{ measure }}) as bigint) as {{ measure }},
    {%- endfor %}
    cast(sum(margin_eur) as {{ euros_sum_type() }}) as margin_eur
from unioned
group by chain_link_key, quarter_start_on, bucket
-- the buckets of a stratum together: the bootstrap sums them in half the time
order by chain_link_key, quarter_start_on
