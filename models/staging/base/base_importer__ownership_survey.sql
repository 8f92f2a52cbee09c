{{ config(
    materialized=load_materialization(),
    pre_hook="{{ forget_touched_rows('importer__ownership_survey') }}",
) }}

with

raw_rows as {{ inline_cte() }} (

    {{ raw_rows('importer__ownership_survey') }}

),

partners as (

    select * from {{ ref('int_partner_code') }}
    where link_code = 'importer'

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
        raw_rows.serial_hash,
        raw_rows.email_hash,
        raw_rows.phone_hash,
        raw_rows.sent_on as sent_on_text,
        {{ parse_dutch_date('raw_rows.sent_on') }} as sent_on,
        raw_rows.survey_mode as survey_mode_text,
        {{ translate_word('raw_rows.survey_mode', {
            'e-mail': 'email',
            'sms': 'sms',
            'telefoon': 'phone',
            'web': 'web',
            'papier': 'paper',
        }) }} as survey_mode,
        raw_rows.answered_on as answered_on_text,
        {{ parse_dutch_date('raw_rows.answered_on') }} as answered_on,
        raw_rows.score as score_text,
        {{ parse_score('raw_rows.score') }} as score,
        raw_rows.still_owner as still_owner_text,
        {{ parse_boolean('raw_rows.still_owner', 'J', 'N') }} as still_owner
    from raw_rows

),

repeated_keys as (

    {{ repeated_keys('parsed', ['partner_code', 'invitation_no']) }}

),

matched as {{ inline_cte() }} (

    select
        parsed.*,
        partners.industry_key,
        partners.country_key,
        partners.link_key,
        no_answer_words.word as no_answer_word,
        repeated_keys.partner_code is not null as is_repeated
    from parsed
    left join partners on parsed.partner_code = partners.partner_code
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
            + date_rules('sent_on', required=true)
            + word_rules('survey_mode')
            + word_rules('still_owner')
            + partner_rules()
        ) }} as reject_reason,
        {{ first_reason(answer_rules('answered_on', 'sent_on')) }} as answer_reject_reason
    from matched

),

repeated as (

    {{ repeated_rows(
        'judged',
        key=['partner_code', 'invitation_no'],
        content=[
            'serial_hash',
            'email_hash',
            'phone_hash',
            'sent_on',
            'survey_mode',
            'answered_on_text',
            'score_text',
            'still_owner',
        ],
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
        judged.serial_hash,
        judged.email_hash,
        judged.phone_hash,
        judged.sent_on,
        judged.survey_mode,
        judged.answered_on,
        judged.score,
        judged.still_owner,
        coalesce(judged.reject_reason, repeated.reject_reason) as reject_reason,
        case
            when judged.reject_reason is null and repeated.reject_reason is null then judged.answer_reject_reason
        end as answer_reject_reason
    from judged
    left join repeated on judged.row_key = repeated.row_key

)

select * from final
