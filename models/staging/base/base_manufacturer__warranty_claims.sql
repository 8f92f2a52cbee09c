{{ config(
    materialized=load_materialization(),
    pre_hook="{{ forget_touched_rows('manufacturer__warranty_claims') }}",
) }}

with

raw_rows as {{ inline_cte() }} (

    {{ raw_rows('manufacturer__warranty_claims') }}

),

partners as (

    select * from {{ ref('int_partner_code') }}
    where link_code = 'manufacturer'

),

countries as (

    select * from {{ ref('countries') }}

),

repairers as (

    select * from {{ ref('int_partner_code') }}
    where link_code in ('dealer', 'shop')

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
        raw_rows.claim_id,
        raw_rows.country,
        raw_rows.serial_hash,
        raw_rows.claimed_on as claimed_on_text,
        {{ parse_date('raw_rows.claimed_on') }} as claimed_on,
        raw_rows.handled_by,
        raw_rows.amount as amount_text,
        {{ parse_decimal('raw_rows.amount') }} as amount,
        raw_rows.currency
    from raw_rows

),

repeated_keys as (

    {{ repeated_keys('parsed', ['partner_code', 'claim_id']) }}

),

matched as {{ inline_cte() }} (

    select
        parsed.*,
        partners.industry_key,
        coalesce(partners.country_key, countries.country_key) as country_key,
        partners.link_key,
        countries.country_key as row_country_key,
        repairers.partner_code as known_handled_by,
        units_built.built_on,
        known_currencies.currency as known_currency,
        {{ euro_rate('parsed.currency') }} as eur_per_unit,
        repeated_keys.partner_code is not null as is_repeated
    from parsed
    left join partners on parsed.partner_code = partners.partner_code
    left join countries on parsed.country = countries.country_code
    left join repairers on parsed.handled_by = repairers.partner_code
    left join units_built on parsed.serial_hash = units_built.serial_hash
    left join exchange_rates
        on
            parsed.currency = exchange_rates.currency
            and {{ first_of_month('parsed.claimed_on') }} = exchange_rates.month
    left join known_currencies on parsed.currency = known_currencies.currency
    left join repeated_keys
        on
            parsed.partner_code = repeated_keys.partner_code
            and parsed.claim_id = repeated_keys.claim_id

),

judged as {{ inline_cte() }} (

    select
        *,
        {{ to_euros('amount') }} as amount_eur,
        {{ first_reason(
            required('claim_id')
            + required('country')
            + required('serial_hash')
            + date_rules('claimed_on', required=true)
            + number_rules('amount', required=true, minimum=0)
            + required('currency')
            + partner_rules(has_country=false)
            + lookup_rules('unknown_country', 'country', 'row_country_key')
            + lookup_rules('unknown_partner', 'handled_by', 'known_handled_by')
            + currency_rules('amount')
            + [['transaction_before_built:claimed_on', 'claimed_on < built_on']]
        ) }} as reject_reason
    from matched

),

repeated as (

    {{ repeated_rows(
        'judged',
        key=['partner_code', 'claim_id'],
        content=['country', 'serial_hash', 'claimed_on', 'handled_by', 'amount', 'currency'],
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
        judged.claim_id,
        judged.country,
        judged.serial_hash,
        judged.claimed_on,
        judged.handled_by,
        judged.amount,
        judged.currency,
        judged.amount_eur,
        coalesce(judged.reject_reason, repeated.reject_reason) as reject_reason
    from judged
    left join repeated on judged.row_key = repeated.row_key

)

select * from final
