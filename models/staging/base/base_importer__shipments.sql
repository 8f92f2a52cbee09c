{{ config(
    materialized=load_materialization(),
    pre_hook="{{ forget_touched_rows('importer__shipments') }}",
) }}

with

raw_rows as {{ inline_cte() }} (

    {{ raw_rows('importer__shipments') }}

),

partners as (

    select * from {{ ref('int_partner_code') }}
    where link_code = 'importer'

),

dealers as (

    select * from {{ ref('int_partner_code') }}
    where link_code = 'dealer'

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
        raw_rows.shipment_no,
        raw_rows.serial_hash,
        raw_rows.dealer_code,
        raw_rows.shipped_on as shipped_on_text,
        {{ parse_dutch_date('raw_rows.shipped_on') }} as shipped_on,
        raw_rows.amount as amount_text,
        {{ parse_dutch_decimal('raw_rows.amount') }} as amount,
        raw_rows.currency
    from raw_rows

),

repeated_keys as (

    {{ repeated_keys('parsed', ['partner_code', 'shipment_no']) }}

),

matched as {{ inline_cte() }} (

    select
        parsed.*,
        partners.industry_key,
        partners.country_key,
        partners.link_key,
        dealers.partner_code as known_dealer_code,
        known_currencies.currency as known_currency,
        {{ euro_rate('parsed.currency') }} as eur_per_unit,
        repeated_keys.partner_code is not null as is_repeated
    from parsed
    left join partners on parsed.partner_code = partners.partner_code
    left join dealers on parsed.dealer_code = dealers.partner_code
    left join exchange_rates
        on
            parsed.currency = exchange_rates.currency
            and {{ first_of_month('parsed.shipped_on') }} = exchange_rates.month
    left join known_currencies on parsed.currency = known_currencies.currency
    left join repeated_keys
        on
            parsed.partner_code = repeated_keys.partner_code
            and parsed.shipment_no = repeated_keys.shipment_no

),

judged as {{ inline_cte() }} (

    select
        *,
        {{ to_euros('amount') }} as amount_eur,
        {{ first_reason(
            required('shipment_no')
            + required('serial_hash')
            + required('dealer_code')
            + date_rules('shipped_on', required=true)
            + number_rules('amount', required=true)
            + required('currency')
            + partner_rules()
            + lookup_rules('unknown_partner', 'dealer_code', 'known_dealer_code')
            + currency_rules('amount')
        ) }} as reject_reason
    from matched

),

repeated as (

    {{ repeated_rows(
        'judged',
        key=['partner_code', 'shipment_no'],
        content=['serial_hash', 'dealer_code', 'shipped_on', 'amount', 'currency'],
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
        judged.shipment_no,
        judged.serial_hash,
        judged.dealer_code,
        judged.shipped_on,
        judged.amount,
        judged.currency,
        judged.amount_eur,
        coalesce(judged.reject_reason, repeated.reject_reason) as reject_reason
    from judged
    left join repeated on judged.row_key = repeated.row_key

)

select * from final
