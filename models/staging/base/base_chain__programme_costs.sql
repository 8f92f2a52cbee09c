with

raw_rows as {{ inline_cte() }} (

    select * from {{ source('raw', 'chain__programme_costs') }}

),

countries as (

    select * from {{ ref('countries') }}

),

industries as (

    select * from {{ ref('industries') }}

),

links as (

    select * from {{ ref('links') }}

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
        raw_rows.industry,
        raw_rows.country,
        raw_rows.link,
        raw_rows.month as month_text,
        {{ parse_month('raw_rows.month') }} as month,
        raw_rows.programme_cost as programme_cost_text,
        {{ parse_decimal('raw_rows.programme_cost') }} as programme_cost,
        raw_rows.currency,
        raw_rows.head_count as head_count_text,
        {{ parse_decimal('raw_rows.head_count') }} as head_count
    from raw_rows

),

repeated_keys as (

    {{ repeated_keys('parsed', ['industry', 'country', 'link', 'month']) }}

),

matched as {{ inline_cte() }} (

    select
        parsed.*,
        industries.industry_key,
        countries.country_key,
        links.link_key,
        known_currencies.currency as known_currency,
        {{ euro_rate('parsed.currency') }} as eur_per_unit,
        repeated_keys.industry is not null as is_repeated
    from parsed
    left join countries on parsed.country = countries.country_code
    left join industries on parsed.industry = industries.industry_code
    left join links on parsed.link = links.link_code
    left join exchange_rates
        on
            parsed.currency = exchange_rates.currency
            and parsed.month = exchange_rates.month
    left join known_currencies on parsed.currency = known_currencies.currency
    left join repeated_keys
        on
            parsed.industry = repeated_keys.industry
            and parsed.country = repeated_keys.country
            and parsed.link = repeated_keys.link
            and parsed.month = repeated_keys.month

),

judged as {{ inline_cte() }} (

    select
        *,
        {{ to_euros('programme_cost') }} as programme_cost_eur,
        {{ first_reason(
            required('industry')
            + required('country')
            + allowed('link', ['manufacturer', 'importer', 'dealer', 'shop', 'contact_centre'], required=true)
            + date_rules('month', required=true)
            + number_rules('programme_cost', required=true, minimum=0)
            + required('currency')
            + number_rules('head_count', minimum=0)
            + lookup_rules('unknown_industry', 'industry', 'industry_key')
            + lookup_rules('unknown_country', 'country', 'country_key')
            + currency_rules('programme_cost')
        ) }} as reject_reason
    from matched

),

repeated as (

    {{ repeated_rows(
        'judged',
        key=['industry', 'country', 'link', 'month'],
        content=['programme_cost', 'currency', 'head_count'],
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
        judged.industry,
        judged.country,
        judged.link,
        judged.month,
        judged.programme_cost,
        judged.currency,
        judged.head_count,
        judged.programme_cost_eur,
        coalesce(judged.reject_reason, repeated.reject_reason) as reject_reason
    from judged
    left join repeated on judged.row_key = repeated.row_key

)

select * from final
