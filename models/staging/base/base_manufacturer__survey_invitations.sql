{{ config(
    materialized=load_materialization(),
    pre_hook="{{ forget_touched_rows('manufacturer__survey_invitations') }}",
) }}

{%- set time_zone = 'coalesce(partners.time_zone, countries.time_zone)' -%}

with

raw_rows as {{ inline_cte() }} (

    {{ raw_rows('manufacturer__survey_invitations') }}

),

partners as (

    select * from {{ ref('int_partner_code') }}
    where link_code = 'manufacturer'

),

countries as (

    select * from {{ ref('countries') }}

),

parsed as {{ inline_cte() }} (

    select
        {{ row_key('raw_rows') }} as row_key,
        raw_rows.file_id,
        raw_rows.line_number,
        raw_rows.partner_code,
        raw_rows.invitation_id,
        raw_rows.country,
        raw_rows.sent_at as sent_at_text,
        {{ parse_timestamp('raw_rows.sent_at', time_zone) }} as sent_at,
        {{ parse_timestamp_day('raw_rows.sent_at') }} as sent_on,
        raw_rows.email_hash,
        raw_rows.phone_hash,
        raw_rows.serial_hash,
        raw_rows.survey_mode,
        coalesce(raw_rows.disposition, 'delivered') as disposition,
        partners.industry_key,
        coalesce(partners.country_key, countries.country_key) as country_key,
        partners.link_key,
        countries.country_key as row_country_key
    from raw_rows
    left join partners on raw_rows.partner_code = partners.partner_code
    left join countries on raw_rows.country = countries.country_code

),

repeated_keys as (

    {{ repeated_keys('parsed', ['partner_code', 'invitation_id']) }}

),

matched as {{ inline_cte() }} (

    select
        parsed.*,
        repeated_keys.partner_code is not null as is_repeated
    from parsed
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
            + required('country')
            + timestamp_rules('sent_at', required=true)
            + allowed('survey_mode', ['email', 'sms', 'phone', 'web', 'paper'])
            + allowed('disposition', ['delivered', 'bounced', 'opted_out'])
            + partner_rules(has_country=false)
            + lookup_rules('unknown_country', 'country', 'row_country_key')
        ) }} as reject_reason
    from matched

),

repeated as (

    {{ repeated_rows(
        'judged',
        key=['partner_code', 'invitation_id'],
        content=[
            'country',
            'sent_at_text',
            'email_hash',
            'phone_hash',
            'serial_hash',
            'survey_mode',
            'disposition',
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
        judged.invitation_id,
        judged.country,
        judged.sent_at,
        judged.sent_on,
        judged.email_hash,
        judged.phone_hash,
        judged.serial_hash,
        judged.survey_mode,
        judged.disposition,
        coalesce(judged.reject_reason, repeated.reject_reason) as reject_reason
    from judged
    left join repeated on judged.row_key = repeated.row_key

)

select * from final
