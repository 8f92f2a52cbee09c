with

raw_rows as {{ inline_cte() }} (

    select * from {{ source('raw', 'chain__acquisition_reasons') }}

),

partners as (

    select * from {{ ref('int_partner_code') }}
    where link_code in ('dealer', 'shop')

),

parsed as {{ inline_cte() }} (

    select
        {{ row_key('raw_rows') }} as row_key,
        raw_rows.file_id,
        raw_rows.line_number,
        raw_rows.partner_code,
        raw_rows.customer_hash,
        raw_rows.acquired_on as acquired_on_text,
        {{ parse_date('raw_rows.acquired_on') }} as acquired_on,
        raw_rows.reason
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
            required('partner_code')
            + required('customer_hash')
            + date_rules('acquired_on', required=true)
            + allowed(
                'reason',
                ['recommendation', 'reputation', 'advertising', 'location', 'price', 'sales_effort', 'unknown'],
                required=true,
            )
            + partner_rules(has_country=false)
        ) }} as reject_reason
    from matched

),

repeated as (

    {{ repeated_rows(
        'judged',
        key=['partner_code', 'customer_hash'],
        content=['acquired_on', 'reason'],
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
        judged.acquired_on,
        judged.reason,
        coalesce(judged.reject_reason, repeated.reject_reason) as reject_reason
    from judged
    left join repeated on judged.row_key = repeated.row_key

)

select * from final
