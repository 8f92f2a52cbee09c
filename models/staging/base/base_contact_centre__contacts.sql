{{ config(
    materialized=load_materialization(),
    pre_hook="{{ forget_touched_rows('contact_centre__contacts') }}",
) }}

{%- set time_zone = 'coalesce(partners.time_zone, countries.time_zone)' -%}

with

raw_rows as {{ inline_cte() }} (

    {{ raw_rows('contact_centre__contacts') }}

),

partners as (

    select * from {{ ref('int_partner_code') }}
    where link_code = 'contact_centre'

),

countries as (

    select * from {{ ref('countries') }}

),

shops as (

    select * from {{ ref('int_partner_code') }}
    where link_code = 'shop'

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
        raw_rows.contact_id,
        raw_rows.country,
        raw_rows.channel,
        raw_rows.reason,
        raw_rows.opened_at as opened_at_text,
        {{ parse_timestamp('raw_rows.opened_at', time_zone) }} as opened_at,
        {{ parse_timestamp_day('raw_rows.opened_at') }} as opened_on,
        raw_rows.closed_at as closed_at_text,
        {{ parse_timestamp('raw_rows.closed_at', time_zone) }} as closed_at,
        {{ parse_timestamp_day('raw_rows.closed_at') }} as closed_on,
        raw_rows.agent_hash,
        raw_rows.transfers as transfers_text,
        {{ parse_integer('raw_rows.transfers') }} as transfers,
        raw_rows.resolved as resolved_text,
        {{ parse_boolean('raw_rows.resolved') }} as resolved,
        raw_rows.cost as cost_text,
        {{ parse_decimal('raw_rows.cost') }} as cost,
        raw_rows.currency,
        raw_rows.email_hash,
        raw_rows.phone_hash,
        raw_rows.serial_hash,
        raw_rows.shop_code,
        raw_rows.loyalty_hash,
        partners.industry_key,
        coalesce(partners.country_key, countries.country_key) as country_key,
        partners.link_key,
        countries.country_key as row_country_key
    from raw_rows
    left join partners on raw_rows.partner_code = partners.partner_code
    left join countries on raw_rows.country = countries.country_code

),

repeated_keys as (

    {{ repeated_keys('parsed', ['partner_code', 'contact_id']) }}

),

matched as {{ inline_cte() }} (

    select
        parsed.*,
        shops.partner_code as known_shop_code,
        known_currencies.currency as known_currency,
        {{ euro_rate('parsed.currency') }} as eur_per_unit,
        repeated_keys.partner_code is not null as is_repeated
    from parsed
    left join shops on parsed.shop_code = shops.partner_code
    left join exchange_rates
        on
            parsed.currency = exchange_rates.currency
            and {{ first_of_month('parsed.opened_on') }} = exchange_rates.month
    left join known_currencies on parsed.currency = known_currencies.currency
    left join repeated_keys
        on
            parsed.partner_code = repeated_keys.partner_code
            and parsed.contact_id = repeated_keys.contact_id

),

judged as {{ inline_cte() }} (

    select
        *,
        {{ to_euros('cost') }} as cost_eur,
        {{ first_reason(
            required('contact_id')
            + required('country')
            + allowed('channel', ['phone', 'email', 'chat', 'web', 'social'], required=true)
            + required('reason')
            + timestamp_rules('opened_at', required=true)
            + timestamp_rules('closed_at')
            + number_rules('transfers', minimum=0)
            + word_rules('resolved')
            + number_rules('cost', minimum=0)
            + [['missing_required:currency', 'currency is null and cost is not null']]
            + partner_rules(has_country=false)
            + lookup_rules('unknown_country', 'country', 'row_country_key')
            + lookup_rules('unknown_partner', 'shop_code', 'known_shop_code')
            + currency_rules('cost')
            + [['closed_before_opened:closed_at', 'closed_at < opened_at']]
        ) }} as reject_reason
    from matched

),

repeated as (

    {{ repeated_rows(
        'judged',
        key=['partner_code', 'contact_id'],
        content=[
            'country',
            'channel',
            'reason',
            'opened_at_text',
            'closed_at_text',
            'agent_hash',
            'transfers',
            'resolved',
            'cost',
            'currency',
            'email_hash',
            'phone_hash',
            'serial_hash',
            'shop_code',
            'loyalty_hash',
        ],
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
        judged.contact_id,
        judged.country,
        judged.channel,
        judged.reason,
        judged.opened_at,
        judged.opened_on,
        judged.closed_at,
        judged.closed_on,
        judged.agent_hash,
        judged.transfers,
        judged.resolved,
        judged.cost,
        judged.currency,
        judged.email_hash,
        judged.phone_hash,
        judged.serial_hash,
        judged.shop_code,
        judged.loyalty_hash,
        judged.cost_eur,
        coalesce(judged.reject_reason, repeated.reject_reason) as reject_reason
    from judged
    left join repeated on judged.row_key = repeated.row_key

)

select * from final
