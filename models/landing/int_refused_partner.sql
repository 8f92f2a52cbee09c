with

listed as (

    select * from {{ ref('base_chain__partners') }}

),

partner_codes as (

    select * from {{ ref('int_partner_code') }}

),

partners_below as (

    select
        parent_partner_code,
        count(distinct partner_code) as partners
    from listed
    where reject_reason is null
    group by parent_partner_code

)

select
    listed.partner_code,
    min(
        case split_part(listed.reject_reason, ':', 1)
            when 'unknown_country' then concat('unknown_country, ', listed.country)
            when 'unknown_industry' then concat('unknown_industry, ', listed.industry)
            else replace(listed.reject_reason, ':', ', ')
        end
    ) as refused_as,
    coalesce(min(partners_below.partners), 0) as partners_below
from listed
left join partner_codes on listed.partner_code = partner_codes.partner_code
left join partners_below on listed.partner_code = partners_below.parent_partner_code
where
    listed.partner_code is not null
    and listed.reject_reason is not null
    and partner_codes.partner_code is null
group by listed.partner_code
