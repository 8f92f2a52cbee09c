{{ config(
    materialized=load_materialization(),
    pre_hook="{{ forget_touched_rows('dealer__sales_orders') }}",
) }}

with

raw_rows as {{ inline_cte() }} (

    {{ raw_rows('dealer__sales_orders') }}

),

partners as (

    select * from {{ ref('int_partner_code') }}
    where link_code = 'dealer'

),

units_built as {{ inline_cte() }} (

    select * from {{ ref('stg_manufacturer__units_built') }}

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
        raw_rows.order_no,
        raw_rows.customer_hash,
        raw_rows.serial_hash,
        raw_rows.order_kind,
        raw_rows.delivered_on as delivered_on_text,
        {{ parse_date('raw_rows.delivered_on') }} as delivered_on,
        raw_rows.revenue as revenue_text,
        {{ parse_decimal('raw_rows.revenue') }} as revenue,
        raw_rows.cost as cost_text,
        {{ parse_decimal('raw_rows.cost') }} as cost,
        raw_rows.currency
    from raw_rows

),

repeated_keys as (

    {{ repeated_keys('parsed', ['partner_code', 'order_no']) }}

),

matched as {{ inline_cte() }} (

    select
        parsed.*,
        partners.industry_key,
        partners.country_key,
        partners.link_key,
        units_built.built_on,
        known_currencies.currency as known_currency,
        {{ euro_rate('parsed.currency') }} as eur_per_unit,
        repeated_keys.partner_code is not null as is_repeated
    from parsed
    left join partners on parsed.partner_code = partners.partner_code
    left join units_built on parsed.serial_hash = units_built.serial_hash
    left join exchange_rates
        on
            parsed.currency = exchange_rates.currency
            and {{ first_of_month('parsed.delivered_on') }} = exchange_rates.month
    left join known_currencies on parsed.currency = known_currencies.currency
    left join repeated_keys
        on
            parsed.partner_code = repeated_keys.partner_code
            and parsed.order_no = repeated_keys.order_no

),

judged as {{ inline_cte() }} (

    select
        *,
        {{ to_euros('revenue') }} as revenue_eur,
        {{ to_euros('cost') }} as cost_eur,
        {{ first_reason(
            required('order_no')
            + required('customer_hash')
            + required('serial_hash')
            + allowed('order_kind', ['new', 'used'], required=true)
            + date_rules('delivered_on', required=true)
            + number_rules('revenue', required=true, minimum=0)
            + number_rules('cost', required=true, minimum=0)
            + required('currency')
            + partner_rules()
            + currency_rules('revenue')
            + [['transaction_before_built:delivered_on', 'delivered_on < built_on']]
        ) }} as reject_reason
    from matched

),

repeated as (

    {{ repeated_rows(
        'judged',
        key=['partner_code', 'order_no'],
        content=['customer_hash', 'serial_hash', 'order_kind', 'delivered_on', 'revenue', 'cost', 'currency'],
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
        judged.order_no,
        judged.customer_hash,
        judged.serial_hash,
        judged.order_kind,
        judged.delivered_on,
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
