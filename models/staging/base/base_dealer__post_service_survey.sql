{{ config(
    materialized=load_materialization(),
    pre_hook="{{ forget_touched_rows('dealer__post_service_survey') }}",
) }}

with

raw_rows as {{ inline_cte() }} (

    {{ raw_rows('dealer__post_service_survey') }}

),

partners as (

    select * from {{ ref('int_partner_code') }}
    where link_code = 'dealer'

),

no_answer_words as (

    select * from {{ ref('no_answer_words') }}

),

parsed as {{ inline_cte() }} (

    select
        {{ row_key('raw_rows') }} as row_key,
        raw_rows.file_id,
        raw_rows.line_number,
        raw_rows.partner_code,
        raw_rows.invitation_no,
        raw_rows.order_no,
        raw_rows.customer_hash,
        raw_rows.sent_at as sent_at_text,
        {{ parse_timestamp('raw_rows.sent_at', 'partners.time_zone') }} as sent_at,
        {{ parse_timestamp_day('raw_rows.sent_at') }} as sent_on,
        raw_rows.survey_mode,
        raw_rows.answered_at as answered_at_text,
        {{ parse_timestamp('raw_rows.answered_at', 'partners.time_zone') }} as answered_at,
        {{ parse_timestamp_day('raw_rows.answered_at') }} as answered_on,
        raw_rows.score as score_text,
        {{ parse_score('raw_rows.score') }} as score,
        partners.industry_key,
        partners.country_key,
        partners.link_key
    from raw_rows
    left join partners on raw_rows.partner_code = partners.partner_code

),

repeated_keys as (

    {{ repeated_keys('parsed', ['partner_code', 'invitation_no']) }}

),

matched as {{ inline_cte() }} (

    select
        parsed.*,
        no_answer_words.word as no_answer_word,
        repeated_keys.partner_code is not null as is_repeated
    from parsed
    left join no_answer_words on lower(trim(parsed.score_text)) = no_answer_words.word
    left join repeated_keys
        on
            parsed.partner_code = repeated_keys.partner_code
            and parsed.invitation_no = repeated_keys.invitation_no

),

judged as {{ inline_cte() }} (

    select
        *,
        {{ first_reason(
            required('invitation_no')
            + required('order_no')
            + timestamp_rules('sent_at', required=true)
            + allowed('survey_mode', ['email', 'sms', 'phone', 'web', 'paper'])
            + partner_rules()
        ) }} as reject_reason,
        {{ first_reason(answer_rules('answered_at', 'sent_at')) }} as answer_reject_reason
    from matched

),

repeated as (

    {{ repeated_rows(
        'judged',
        key=['partner_code', 'invitation_no'],
        content=['order_no', 'customer_hash', 'sent_at_text', 'survey_mode', 'answered_at_text', 'score_text'],
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
        judged.invitation_no,
        judged.order_no,
        judged.customer_hash,
        judged.sent_at,
        judged.sent_on,
        judged.survey_mode,
        judged.answered_at,
        judged.answered_on,
        judged.score,
        coalesce(judged.reject_reason, repeated.reject_reason) as reject_reason,
        case
            when judged.reject_reason is null and repeated.reject_reason is null then judged.answer_reject_reason
        end as answer_reject_reason
    from judged
    left join repeated on judged.row_key = repeated.row_key

)

select * from final
