with

raw_rows as {{ inline_cte() }} (

    select * from {{ source('raw', 'importer__dealer_network') }}

),

partners as (

    select * from {{ ref('int_partner_code') }}
    where link_code = 'importer'

),

dealers as (

    select * from {{ ref('int_partner_code') }}
    where link_code = 'dealer'

),

parsed as {{ inline_cte() }} (

    select
        {{ row_key('raw_rows') }} as row_key,
        raw_rows.file_id,
        raw_rows.line_number,
        raw_rows.partner_code,
        raw_rows.snapshot_on as snapshot_on_text,
        {{ parse_dutch_date('raw_rows.snapshot_on') }} as snapshot_on,
        raw_rows.dealer_code,
        raw_rows.dealer_name,
        raw_rows.owner_name,
        raw_rows.city,
        raw_rows.status as status_text,
        case
            when raw_rows.status is null then 'active'
            else {{ translate_word('raw_rows.status', {'actief': 'active', 'gestopt': 'closed'}) }}
        end as status
    from raw_rows

),

repeated_keys as (

    {{ repeated_keys('parsed', ['partner_code', 'snapshot_on', 'dealer_code']) }}

),

matched as {{ inline_cte() }} (

    select
        parsed.*,
        partners.industry_key,
        partners.country_key,
        partners.link_key,
        dealers.partner_code as known_dealer_code,
        repeated_keys.partner_code is not null as is_repeated
    from parsed
    left join partners on parsed.partner_code = partners.partner_code
    left join dealers on parsed.dealer_code = dealers.partner_code
    left join repeated_keys
        on
            parsed.partner_code = repeated_keys.partner_code
            and parsed.snapshot_on = repeated_keys.snapshot_on
            and parsed.dealer_code = repeated_keys.dealer_code

),

judged as {{ inline_cte() }} (

    select
        *,
        {{ first_reason(
            date_rules('snapshot_on', required=true)
            + required('dealer_code')
            + required('dealer_name')
            + word_rules('status')
            + partner_rules(has_country=false)
            + lookup_rules('unknown_partner', 'dealer_code', 'known_dealer_code')
        ) }} as reject_reason
    from matched

),

repeated as (

    {{ repeated_rows(
        'judged',
        key=['partner_code', 'snapshot_on', 'dealer_code'],
        content=['dealer_name', 'owner_name', 'city', 'status'],
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
        judged.snapshot_on,
        judged.dealer_code,
        judged.dealer_name,
        judged.owner_name,
        judged.city,
        judged.status,
        coalesce(judged.reject_reason, repeated.reject_reason) as reject_reason
    from judged
    left join repeated on judged.row_key = repeated.row_key

)

select * from final
