with

raw_rows as {{ inline_cte() }} (

    select * from {{ source('raw', 'chain__exchange_rates') }}

),

parsed as {{ inline_cte() }} (

    select
        {{ row_key('raw_rows') }} as row_key,
        raw_rows.file_id,
        raw_rows.line_number,
        raw_rows.month as month_text,
        {{ parse_month('raw_rows.month') }} as month,
        raw_rows.currency,
        raw_rows.eur_per_unit as eur_per_unit_text,
        {{ parse_decimal('raw_rows.eur_per_unit', scale=9) }} as eur_per_unit
    from raw_rows

),

repeated_keys as (

    {{ repeated_keys('parsed', ['currency', 'month']) }}

),

matched as {{ inline_cte() }} (

    select
        parsed.*,
        repeated_keys.currency is not null as is_repeated
    from parsed
    left join repeated_keys
        on
            parsed.currency = repeated_keys.currency
            and parsed.month = repeated_keys.month

),

judged as {{ inline_cte() }} (

    select
        *,
        {{ first_reason(
            date_rules('month', required=true)
            + required('currency')
            + number_rules('eur_per_unit', required=true, minimum='0.000001', maximum=var('largest_rate'))
        ) }} as reject_reason
    from matched

),

repeated as (

    {{ repeated_rows(
        'judged',
        key=['currency', 'month'],
        content=['eur_per_unit'],
    ) }}

),

final as (

    select
        judged.row_key,
        judged.file_id,
        judged.line_number,
        judged.month,
        judged.currency,
        judged.eur_per_unit,
        coalesce(judged.reject_reason, repeated.reject_reason) as reject_reason
    from judged
    left join repeated on judged.row_key = repeated.row_key

)

select * from final
