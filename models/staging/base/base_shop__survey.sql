{{ config(
    materialized=load_materialization(),
    pre_hook="{{ forget_touched_rows('shop__survey') }}",
) }}

with

raw_rows as {{ inline_cte() }} (

    {{ raw_rows('shop__survey') }}

),

partners as (

    select * from {{ ref('int_partner_code') }}
    where link_code = 'shop'

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
        raw_rows.answer_no,
        raw_rows.answered_at as answered_at_text,
        {{ parse_timestamp('raw_rows.answered_at', 'partners.time_zone') }} as answered_at,
        {{ parse_timestamp_day('raw_rows.answered_at') }} as answered_on,
        raw_rows.receipt_no,
        raw_rows.loyalty_hash,
        raw_rows.email_hash,
        raw_rows.survey_mode,
        raw_rows.score as score_text,
        {{ parse_score('raw_rows.score') }} as score,
        partners.industry_key,
        partners.country_key,
        partners.link_key
    from raw_rows
    left join partners on raw_rows.partner_code = partners.partner_code

),

repeated_keys as (

    {{ repeated_keys('parsed', ['partner_code', 'answer_no']) }}

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
            and parsed.answer_no = repeated_keys.answer_no

),

judged as {{ inline_cte() }} (

    select
        *,
        {{ first_reason(
            required('answer_no')
            + timestamp_rules('answered_at', required=true)
            + allowed('survey_mode', ['email', 'sms', 'phone', 'web', 'paper'])
            + score_rules()
            + partner_rules()
        ) }} as reject_reason
    from matched

),

repeated as (

    {{ repeated_rows(
        'judged',
        key=['partner_code', 'answer_no'],
        content=['answered_at_text', 'receipt_no', 'loyalty_hash', 'email_hash', 'survey_mode', 'score_text'],
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
        judged.answer_no,
        judged.answered_at,
        judged.answered_on,
        judged.receipt_no,
        judged.loyalty_hash,
        judged.email_hash,
        judged.survey_mode,
        judged.score,
        coalesce(judged.reject_reason, repeated.reject_reason) as reject_reason
    from judged
    left join repeated on judged.row_key = repeated.row_key

)

select * from final
