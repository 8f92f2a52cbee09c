{{ config(
    materialized=load_materialization(),
    pre_hook="{{ forget_touched_rows('dealer__customers') }}",
) }}

with

raw_rows as {{ inline_cte() }} (

    {{ raw_rows('dealer__customers') }}

),

partners as (

    select * from {{ ref('int_partner_code') }}
    where link_code = 'dealer'

),

parsed as {{ inline_cte() }} (

    select
        {{ row_key('raw_rows') }} as row_key,
        raw_rows.file_id,
        raw_rows.line_number,
        raw_rows.partner_code,
        raw_rows.customer_hash,
        raw_rows.email_hash,
        raw_rows.phone_hash,
        raw_rows.segment,
        raw_rows.customer_since as customer_since_text,
        {{ parse_date('raw_rows.customer_since') }} as customer_since
    from raw_rows

),

repeated_keys as (

    {{ repeated_keys('parsed', ['partner_code', 'customer_hash']) }}

),

matched as {{ inline_cte() }} (

    select
        parsed.*,
        partners.industry_key,
        partners.country_key,
        partners.link_key,
        repeated_keys.partner_code is not null as is_repeated
    from parsed
    left join partners on parsed.partner_code = partners.partner_code
    left join repeated_keys
        on
            parsed.partner_code = repeated_keys.partner_code
            and parsed.customer_hash = repeated_keys.customer_hash

),

judged as {{ inline_cte() }} (

    select
        *,
        {{ first_reason(
            required('customer_hash')
            + allowed('segment', ['private', 'business'])
            + date_rules('customer_since')
            + partner_rules(has_country=false)
        ) }} as reject_reason
    from matched

),

repeated as (

    {{ repeated_rows(
        'judged',
        key=['partner_code', 'customer_hash'],
        content=['email_hash', 'phone_hash', 'segment', 'customer_since'],
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
        judged.customer_hash,
        judged.email_hash,
        judged.phone_hash,
        judged.segment,
        judged.customer_since,
        coalesce(judged.reject_reason, repeated.reject_reason) as reject_reason
    from judged
    left join repeated on judged.row_key = repeated.row_key

)

select * from final
