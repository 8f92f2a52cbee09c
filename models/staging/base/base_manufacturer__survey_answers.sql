{{ config(
    materialized=load_materialization(),
    pre_hook="{{ forget_touched_rows('manufacturer__survey_answers') }}",
) }}

with

raw_rows as {{ inline_cte() }} (

    {{ raw_rows('manufacturer__survey_answers') }}

),

invitations as {{ inline_cte() }} (

    select * from {{ ref('stg_manufacturer__survey_invitations') }}

),

countries as (

    select * from {{ ref('countries') }}

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
        raw_rows.invitation_id,
        raw_rows.answered_at as answered_at_text,
        {{ parse_timestamp('raw_rows.answered_at', 'countries.time_zone') }} as answered_at,
        {{ parse_timestamp_day('raw_rows.answered_at') }} as answered_on,
        raw_rows.score as score_text,
        {{ parse_score('raw_rows.score') }} as score,
        invitations.industry_key,
        invitations.country_key,
        invitations.link_key,
        invitations.sent_at
    from raw_rows
    left join invitations
        on
            raw_rows.partner_code = invitations.partner_code
            and raw_rows.invitation_id = invitations.invitation_id
    left join countries on invitations.country_key = countries.country_key

),

repeated_keys as (

    {{ repeated_keys('parsed', ['partner_code', 'invitation_id']) }}

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
            and parsed.invitation_id = repeated_keys.invitation_id

),

judged as {{ inline_cte() }} (

    select
        *,
        {{ first_reason(
            required('invitation_id')
            + timestamp_rules('answered_at', required=true)
            + score_rules()
            + lookup_rules('unknown_invitation', 'invitation_id', 'sent_at')
            + [['answer_before_invitation:answered_at', 'answered_at < sent_at']]
        ) }} as reject_reason
    from matched

),

repeated as (

    {{ repeated_rows(
        'judged',
        key=['partner_code', 'invitation_id'],
        content=['answered_at_text', 'score_text'],
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
        judged.invitation_id,
        judged.answered_at,
        judged.answered_on,
        judged.score,
        coalesce(judged.reject_reason, repeated.reject_reason) as reject_reason
    from judged
    left join repeated on judged.row_key = repeated.row_key

)

select * from final
