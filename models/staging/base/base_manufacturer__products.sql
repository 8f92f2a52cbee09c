with

raw_rows as {{ inline_cte() }} (

    select * from {{ source('raw', 'manufacturer__products') }}

),

partners as (

    select * from {{ ref('int_partner_code') }}
    where link_code = 'manufacturer'

),

parsed as {{ inline_cte() }} (

    select
        {{ row_key('raw_rows') }} as row_key,
        raw_rows.file_id,
        raw_rows.line_number,
        raw_rows.partner_code,
        raw_rows.product_code,
        raw_rows.product_name,
        raw_rows.product_line,
        raw_rows.launched_on as launched_on_text,
        {{ parse_date('raw_rows.launched_on') }} as launched_on
    from raw_rows

),

repeated_keys as (

    {{ repeated_keys('parsed', ['partner_code', 'product_code']) }}

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
            and parsed.product_code = repeated_keys.product_code

),

judged as {{ inline_cte() }} (

    select
        *,
        {{ first_reason(
            required('product_code')
            + required('product_name')
            + date_rules('launched_on')
            + partner_rules(has_country=false)
        ) }} as reject_reason
    from matched

),

repeated as (

    {{ repeated_rows(
        'judged',
        key=['partner_code', 'product_code'],
        content=['product_name', 'product_line', 'launched_on'],
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
        judged.product_code,
        judged.product_name,
        judged.product_line,
        judged.launched_on,
        coalesce(judged.reject_reason, repeated.reject_reason) as reject_reason
    from judged
    left join repeated on judged.row_key = repeated.row_key

)

select * from final
