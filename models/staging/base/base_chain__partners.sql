with recursive

raw_rows as (

    select * from {{ source('raw', 'chain__partners') }}

),

industries as (

    select * from {{ ref('industries') }}

),

countries as (

    select * from {{ ref('countries') }}

),

links as (

    select * from {{ ref('links') }}

),

parsed as (

    select
        {{ row_key('raw_rows') }} as row_key,
        raw_rows.file_id,
        raw_rows.line_number,
        raw_rows.partner_code,
        raw_rows.link,
        raw_rows.industry,
        raw_rows.country,
        raw_rows.partner_name,
        raw_rows.parent_partner_code,
        raw_rows.owner_name,
        raw_rows.valid_from as valid_from_text,
        {{ parse_date('raw_rows.valid_from') }} as valid_from,
        raw_rows.valid_to as valid_to_text,
        {{ parse_date('raw_rows.valid_to') }} as valid_to
    from raw_rows

),

repeated_keys as (

    {{ repeated_keys('parsed', ['partner_code', 'valid_from']) }}

),

matched as (

    select
        parsed.*,
        industries.industry_key,
        countries.country_key,
        links.link_key,
        repeated_keys.partner_code is not null as is_repeated
    from parsed
    left join industries on parsed.industry = industries.industry_code
    left join countries on parsed.country = countries.country_code
    left join links on parsed.link = links.link_code
    left join repeated_keys
        on
            parsed.partner_code = repeated_keys.partner_code
            and parsed.valid_from = repeated_keys.valid_from

),

judged as (

    select
        *,
        {{ first_reason(
            required('partner_code')
            + [['value_not_allowed:partner_code', 'not ' ~ matches_regex('partner_code', '^[A-Za-z0-9_-]+$')]]
            + required('link')
            + lookup_rules('value_not_allowed', 'link', 'link_key')
            + required('industry')
            + required('partner_name')
            + date_rules('valid_from', required=true)
            + date_rules('valid_to')
            + lookup_rules('unknown_industry', 'industry', 'industry_key')
            + lookup_rules('unknown_country', 'country', 'country_key')
            + [['closed_before_opened:valid_to', 'valid_to < valid_from']]
        ) }} as reject_reason
    from matched

),

repeated as (

    {{ repeated_rows(
        'judged',
        key=['partner_code', 'valid_from'],
        content=['link', 'industry', 'country', 'partner_name', 'parent_partner_code', 'owner_name', 'valid_to'],
    ) }}

),

versions as (

    select
        judged.row_key,
        judged.partner_code,
        judged.parent_partner_code,
        judged.valid_from,
        {{ open_end('judged.valid_to') }} as valid_to
    from judged
    left join repeated on judged.row_key = repeated.row_key
    where judged.reject_reason is null and repeated.reject_reason is null

),

partner_codes as (

    select distinct partner_code from versions

),

overlapping as (

    select distinct versions.row_key
    from versions
    inner join versions as earlier
        on
            versions.partner_code = earlier.partner_code
            and versions.valid_from > earlier.valid_from
            and versions.valid_from <= earlier.valid_to

),

-- the ancestors of every version on the days it is valid
ancestors as (

    select
        row_key,
        partner_code,
        valid_from,
        valid_to,
        parent_partner_code as ancestor_code,
        1 as steps
    from versions

    union all

    select
        ancestors.row_key,
        ancestors.partner_code,
        greatest(ancestors.valid_from, versions.valid_from) as valid_from,
        least(ancestors.valid_to, versions.valid_to) as valid_to,
        versions.parent_partner_code as ancestor_code,
        ancestors.steps + 1 as steps
    from ancestors
    inner join versions
        on
            ancestors.ancestor_code = versions.partner_code
            and ancestors.valid_from <= versions.valid_to
            and ancestors.valid_to >= versions.valid_from
    where ancestors.steps < {{ var('max_hierarchy_depth') }}

),

in_cycle as (

    select distinct row_key
    from ancestors
    where ancestor_code = partner_code

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
        judged.link,
        judged.industry,
        judged.country,
        judged.partner_name,
        judged.parent_partner_code,
        judged.owner_name,
        judged.valid_from,
        judged.valid_to,
        case
            when judged.reject_reason is not null then judged.reject_reason
            when repeated.reject_reason is not null then repeated.reject_reason
            when judged.parent_partner_code is not null and partner_codes.partner_code is null
                then 'unknown_partner:parent_partner_code'
            when overlapping.row_key is not null then 'overlapping_validity:valid_from'
            when in_cycle.row_key is not null then 'hierarchy_cycle:parent_partner_code'
        end as reject_reason
    from judged
    left join repeated on judged.row_key = repeated.row_key
    left join partner_codes on judged.parent_partner_code = partner_codes.partner_code
    left join overlapping on judged.row_key = overlapping.row_key
    left join in_cycle on judged.row_key = in_cycle.row_key

)

select * from final
