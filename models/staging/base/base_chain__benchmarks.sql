with

raw_rows as {{ inline_cte() }} (

    select * from {{ source('raw', 'chain__benchmarks') }}

),

countries as (

    select * from {{ ref('countries') }}

),

industries as (

    select * from {{ ref('industries') }}

),

links as (

    select * from {{ ref('links') }}

),

parsed as {{ inline_cte() }} (

    select
        {{ row_key('raw_rows') }} as row_key,
        raw_rows.file_id,
        raw_rows.line_number,
        raw_rows.industry,
        raw_rows.country,
        raw_rows.link,
        raw_rows.year as year_text,
        {{ parse_integer('raw_rows.year') }} as year,
        raw_rows.nps as nps_text,
        {{ parse_decimal('raw_rows.nps') }} as nps,
        raw_rows.source
    from raw_rows

),

repeated_keys as (

    {{ repeated_keys('parsed', ['industry', 'country', 'link', 'year']) }}

),

matched as {{ inline_cte() }} (

    select
        parsed.*,
        industries.industry_key,
        countries.country_key,
        links.link_key,
        repeated_keys.industry is not null as is_repeated
    from parsed
    left join countries on parsed.country = countries.country_code
    left join industries on parsed.industry = industries.industry_code
    left join links on parsed.link = links.link_code
    left join repeated_keys
        on
            parsed.industry = repeated_keys.industry
            and parsed.country = repeated_keys.country
            and parsed.link = repeated_keys.link
            and parsed.year = repeated_keys.year

),

judged as {{ inline_cte() }} (

    select
        *,
        {{ first_reason(
            required('industry')
            + required('country')
            + allowed('link', ['manufacturer', 'importer', 'dealer', 'shop', 'contact_centre'], required=true)
            + number_rules('year', required=true, minimum=1990, maximum=2100)
            + number_rules('nps', required=true, minimum=-100, maximum=100)
            + lookup_rules('unknown_industry', 'industry', 'industry_key')
            + lookup_rules('unknown_country', 'country', 'country_key')
        ) }} as reject_reason
    from matched

),

repeated as (

    {{ repeated_rows(
        'judged',
        key=['industry', 'country', 'link', 'year'],
        content=['nps', 'source'],
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
        judged.industry,
        judged.country,
        judged.link,
        judged.year,
        judged.nps,
        judged.source,
        coalesce(judged.reject_reason, repeated.reject_reason) as reject_reason
    from judged
    left join repeated on judged.row_key = repeated.row_key

)

select * from final
