{{ config(
    materialized=load_materialization(),
    pre_hook="{{ forget_touched_rows('shop__receipts') }}",
) }}

with

raw_rows as {{ inline_cte() }} (

    {{ raw_rows('shop__receipts') }}

),

partners as (

    select * from {{ ref('int_partner_code') }}
    where link_code = 'shop'

),

products as (

    select distinct product_code from {{ ref('stg_manufacturer__products') }}

),

exchange_rates as (

    select * from {{ ref('stg_chain__exchange_rates') }}

),

known_currencies as (

    select distinct currency from exchange_rates

),

parsed as {{ inline_cte() }} (

    select
        {{ row_key('raw_rows') }} as row_key,
        raw_rows.file_id,
        raw_rows.line_number,
        raw_rows.partner_code,
        raw_rows.receipt_no,
        raw_rows.receipt_kind,
        raw_rows.purchased_on as purchased_on_text,
        {{ parse_date('raw_rows.purchased_on') }} as purchased_on,
        raw_rows.loyalty_hash,
        raw_rows.product_code,
        raw_rows.revenue as revenue_text,
        {{ parse_decimal('raw_rows.revenue') }} as revenue,
        raw_rows.cost as cost_text,
        {{ parse_decimal('raw_rows.cost') }} as cost,
        raw_rows.currency
    from raw_rows

),

repeated_keys as (

    {{ repeated_keys('parsed', ['partner_code', 'receipt_no']) }}

),

matched as {{ inline_cte() }} (

    select
        parsed.*,
        partners.industry_key,
        partners.country_key,
        partners.link_key,
        products.product_code as known_product_code,
        known_currencies.currency as known_currency,
        {{ euro_rate('parsed.currency') }} as eur_per_unit,
        repeated_keys.partner_code is not null as is_repeated
    from parsed
    left join partners on parsed.partner_code = partners.partner_code
    left join products on parsed.product_code = products.product_code
    left join exchange_rates
        on
            parsed.currency = exchange_rates.currency
            and {{ first_of_month('parsed.purchased_on') }} = exchange_rates.month
    left join known_currencies on parsed.currency = known_currencies.currency
    left join repeated_keys
        on
            parsed.partner_code = repeated_keys.partner_code
            and parsed.receipt_no = repeated_keys.receipt_no

),

judged as {{ inline_cte() }} (

    select
        *,
        {{ to_euros('revenue') }} as revenue_eur,
        {{ to_euros('cost') }} as cost_eur,
        {{ first_reason(
            required('receipt_no')
            + allowed('receipt_kind', ['sale', 'return'], required=true)
            + date_rules('purchased_on', required=true)
            + number_rules('revenue', required=true)
            + return_sign_rules('revenue')
            + number_rules('cost')
            + return_sign_rules('cost')
            + required('currency')
            + partner_rules()
            + lookup_rules('unknown_product', 'product_code', 'known_product_code')
            + currency_rules('revenue')
        ) }} as reject_reason
    from matched

),

repeated as (

    {{ repeated_rows(
        'judged',
        key=['partner_code', 'receipt_no'],
        content=['receipt_kind', 'purchased_on', 'loyalty_hash', 'product_code', 'revenue', 'cost', 'currency'],
    ) }}

),

final as (

    select
        judged.row_key,
        judged.file_id,
        judged.line_number,
        {{ chain_key('judged.industry_key', 'judged.country_key') }} as chain_key,
        judged.industry_key,
        judged.country_key,
        judged.link_key,
        judged.partner_code,
        judged.receipt_no,
        judged.receipt_kind,
        judged.purchased_on,
        judged.loyalty_hash,
        judged.product_code,
        judged.revenue,
        judged.cost,
        judged.currency,
        judged.revenue_eur,
        judged.cost_eur,
        cast(judged.revenue_eur - judged.cost_eur as decimal(18, 2)) as margin_eur,
        coalesce(judged.reject_reason, repeated.reject_reason) as reject_reason
    from judged
    left join repeated on judged.row_key = repeated.row_key

)

select * from final
