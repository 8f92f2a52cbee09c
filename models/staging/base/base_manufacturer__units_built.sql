{{ config(
    materialized=load_materialization(),
    pre_hook="{{ forget_touched_rows('manufacturer__units_built') }}",
) }}

with

raw_rows as {{ inline_cte() }} (

    {{ raw_rows('manufacturer__units_built') }}

),

partners as (

    select * from {{ ref('int_partner_code') }}
    where link_code = 'manufacturer'

),

importers as (

    select * from {{ ref('int_partner_code') }}
    where link_code = 'importer'

),

products as (

    select * from {{ ref('stg_manufacturer__products') }}

),

parsed as {{ inline_cte() }} (

    select
        {{ row_key('raw_rows') }} as row_key,
        raw_rows.file_id,
        raw_rows.line_number,
        raw_rows.partner_code,
        raw_rows.serial_hash,
        raw_rows.product_code,
        raw_rows.built_on as built_on_text,
        {{ parse_date('raw_rows.built_on') }} as built_on,
        raw_rows.importer_code
    from raw_rows

),

repeated_keys as (

    {{ repeated_keys('parsed', ['serial_hash']) }}

),

matched as {{ inline_cte() }} (

    select
        parsed.*,
        partners.industry_key,
        partners.country_key,
        partners.link_key,
        importers.partner_code as known_importer_code,
        products.product_code as known_product_code,
        repeated_keys.serial_hash is not null as is_repeated
    from parsed
    left join partners on parsed.partner_code = partners.partner_code
    left join importers on parsed.importer_code = importers.partner_code
    left join products
        on
            parsed.partner_code = products.partner_code
            and parsed.product_code = products.product_code
    left join repeated_keys on parsed.serial_hash = repeated_keys.serial_hash

),

judged as {{ inline_cte() }} (

    select
        *,
        {{ first_reason(
            required('serial_hash')
            + required('product_code')
            + date_rules('built_on', required=true)
            + partner_rules(has_country=false)
            + lookup_rules('unknown_partner', 'importer_code', 'known_importer_code')
            + lookup_rules('unknown_product', 'product_code', 'known_product_code')
        ) }} as reject_reason
    from matched

),

repeated as (

    {{ repeated_rows(
        'judged',
        key=['serial_hash'],
        content=['product_code', 'built_on', 'importer_code'],
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
        judged.serial_hash,
        judged.product_code,
        judged.built_on,
        judged.importer_code,
        coalesce(judged.reject_reason, repeated.reject_reason) as reject_reason
    from judged
    left join repeated on judged.row_key = repeated.row_key

)

select * from final
