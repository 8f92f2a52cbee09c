with

raw_rows as {{ inline_cte() }} (

    select * from {{ source('raw', 'chain__follow_ups') }}

),

surveys as (

    select * from {{ ref('surveys') }}

),

partners as (

    select * from {{ ref('int_partner_code') }}

),

parsed as {{ inline_cte() }} (

    select
        {{ row_key('raw_rows') }} as row_key,
        raw_rows.file_id,
        raw_rows.line_number,
        raw_rows.follow_up_id,
        raw_rows.survey,
        raw_rows.partner_code,
        raw_rows.response_no,
        raw_rows.opened_on as opened_on_text,
        {{ parse_date('raw_rows.opened_on') }} as opened_on,
        raw_rows.closed_on as closed_on_text,
        {{ parse_date('raw_rows.closed_on') }} as closed_on,
        raw_rows.outcome
    from raw_rows

),

repeated_keys as (

    {{ repeated_keys('parsed', ['follow_up_id']) }}

),

matched as {{ inline_cte() }} (

    select
        parsed.*,
        partners.industry_key,
        partners.country_key,
        partners.link_key,
        repeated_keys.follow_up_id is not null as is_repeated
    from parsed
    left join surveys on parsed.survey = surveys.survey_code
    left join partners
        on
            parsed.partner_code = partners.partner_code
            and surveys.link_code = partners.link_code
    left join repeated_keys on parsed.follow_up_id = repeated_keys.follow_up_id

),

judged as {{ inline_cte() }} (

    select
        *,
        {{ first_reason(
            required('follow_up_id')
            + allowed(
                'survey',
                ['brand_relationship', 'ownership', 'post_sale', 'post_service', 'shop_visit', 'post_contact'],
                required=true,
            )
            + required('partner_code')
            + required('response_no')
            + date_rules('opened_on', required=true)
            + date_rules('closed_on')
            + allowed('outcome', ['resolved', 'unresolved', 'not_reached'])
            + partner_rules(has_country=false)
            + [['closed_before_opened:closed_on', 'closed_on < opened_on']]
        ) }} as reject_reason
    from matched

),

repeated as (

    {{ repeated_rows(
        'judged',
        key=['follow_up_id'],
        content=['survey', 'partner_code', 'response_no', 'opened_on', 'closed_on', 'outcome'],
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
        judged.follow_up_id,
        judged.survey,
        judged.partner_code,
        judged.response_no,
        judged.opened_on,
        judged.closed_on,
        judged.outcome,
        coalesce(judged.reject_reason, repeated.reject_reason) as reject_reason
    from judged
    left join repeated on judged.row_key = repeated.row_key

)

select * from final
