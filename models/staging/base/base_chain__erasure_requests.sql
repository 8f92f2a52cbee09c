with

raw_rows as {{ inline_cte() }} (

    select * from {{ source('raw', 'chain__erasure_requests') }}

),

countries as (

    select * from {{ ref('countries') }}

),

parsed as {{ inline_cte() }} (

    select
        {{ row_key('raw_rows') }} as row_key,
        raw_rows.file_id,
        raw_rows.line_number,
        raw_rows.request_id,
        raw_rows.requested_on as requested_on_text,
        {{ parse_date('raw_rows.requested_on') }} as requested_on,
        raw_rows.country,
        raw_rows.email_hash,
        raw_rows.phone_hash
    from raw_rows

),

repeated_keys as (

    {{ repeated_keys('parsed', ['request_id']) }}

),

matched as {{ inline_cte() }} (

    select
        parsed.*,
        countries.country_key,
        repeated_keys.request_id is not null as is_repeated
    from parsed
    left join countries on parsed.country = countries.country_code
    left join repeated_keys on parsed.request_id = repeated_keys.request_id

),

judged as {{ inline_cte() }} (

    select
        *,
        {{ first_reason(
            required('request_id')
            + date_rules('requested_on', required=true)
            + lookup_rules('unknown_country', 'country', 'country_key')
        ) }} as reject_reason
    from matched

),

repeated as (

    {{ repeated_rows(
        'judged',
        key=['request_id'],
        content=['requested_on', 'country', 'email_hash', 'phone_hash'],
    ) }}

),

final as (

    select
        judged.row_key,
        judged.file_id,
        judged.line_number,
        judged.country_key,
        judged.request_id,
        judged.requested_on,
        judged.country,
        judged.email_hash,
        judged.phone_hash,
        coalesce(judged.reject_reason, repeated.reject_reason) as reject_reason
    from judged
    left join repeated on judged.row_key = repeated.row_key

)

select * from final
