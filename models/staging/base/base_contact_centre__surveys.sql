{{ config(
    materialized=load_materialization(),
    pre_hook="{{ forget_touched_rows('contact_centre__surveys') }}",
) }}

{%- set time_zone = 'coalesce(partners.time_zone, countries.time_zone)' -%}

with

raw_rows as {{ inline_cte() }} (

    {{ raw_rows('contact_centre__surveys') }}

),

partners as (

    select * from {{ ref('int_partner_code') }}
    where link_code = 'contact_centre'

),

contacts as {{ inline_cte() }} (

    select * from {{ ref('stg_contact_centre__contacts') }}

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
        raw_rows.survey_id,
        raw_rows.contact_id,
        raw_rows.sent_at as sent_at_text,
        {{ parse_timestamp('raw_rows.sent_at', time_zone) }} as sent_at,
        {{ parse_timestamp_day('raw_rows.sent_at') }} as sent_on,
        raw_rows.survey_mode,
        raw_rows.answered_at as answered_at_text,
        {{ parse_timestamp('raw_rows.answered_at', time_zone) }} as answered_at,
        {{ parse_timestamp_day('raw_rows.answered_at') }} as answered_on,
        raw_rows.score as score_text,
        {{ parse_score('raw_rows.score') }} as score,
        raw_rows.ces as ces_text,
        {{ parse_integer('raw_rows.ces') }} as ces,
        raw_rows.csat as csat_text,
        {{ parse_integer('raw_rows.csat') }} as csat,
        partners.industry_key,
        coalesce(partners.country_key, contacts.country_key) as country_key,
        partners.link_key,
        contacts.contact_id as known_contact_id
    from raw_rows
    left join partners on raw_rows.partner_code = partners.partner_code
    left join contacts
        on
            raw_rows.partner_code = contacts.partner_code
            and raw_rows.contact_id = contacts.contact_id
    left join countries on contacts.country_key = countries.country_key

),

repeated_keys as (

    {{ repeated_keys('parsed', ['partner_code', 'survey_id']) }}

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
            and parsed.survey_id = repeated_keys.survey_id

),

judged as {{ inline_cte() }} (

    select
        *,
        {{ first_reason(
            required('survey_id')
            + required('contact_id')
            + timestamp_rules('sent_at', required=true)
            + allowed('survey_mode', ['email', 'sms', 'phone', 'web', 'paper'])
            + number_rules('ces', minimum=1, maximum=7)
            + number_rules('csat', minimum=1, maximum=5)
            + partner_rules(has_country=false)
            + lookup_rules('unknown_contact', 'contact_id', 'known_contact_id')
        ) }} as reject_reason,
        {{ first_reason(answer_rules('answered_at', 'sent_at')) }} as answer_reject_reason
    from matched

),

repeated as (

    {{ repeated_rows(
        'judged',
        key=['partner_code', 'survey_id'],
        content=['contact_id', 'sent_at_text', 'survey_mode', 'answered_at_text', 'score_text', 'ces', 'csat'],
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
        judged.survey_id,
        judged.contact_id,
        judged.sent_at,
        judged.sent_on,
        judged.survey_mode,
        judged.answered_at,
        judged.answered_on,
        judged.score,
        judged.ces,
        judged.csat,
        coalesce(judged.reject_reason, repeated.reject_reason) as reject_reason,
        case
            when judged.reject_reason is null and repeated.reject_reason is null then judged.answer_reject_reason
        end as answer_reject_reason
    from judged
    left join repeated on judged.row_key = repeated.row_key

)

select * from final
