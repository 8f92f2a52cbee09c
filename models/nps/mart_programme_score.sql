{#- What survey programmes remove and replace, beside what everybody asked said first. -#}
{%- set unhidden = 'case when not shown.is_suppressed then' -%}
{%- set enough = 'scored.programme_responses >= ' ~ var('min_responses_shown') -%}
{%- set counted = 'case when not shown.is_suppressed and ' ~ enough ~ ' then' %}
with

responses as (

    select * from {{ ref('fct_nps_response') }}

),

partners as (

    select * from {{ ref('dim_partner') }}

),

shown as (

    select * from {{ ref('mart_nps_by_partner') }}

),

by_quarter as (

    select
        responses.chain_link_key,
        partners.partner_code,
        responses.quarter_start_on,
        count(*) as responses,
        count(responses.programme_score) as programme_responses,
        sum(case when responses.programme_status = 'under_appeal' then 1 else 0 end) as responses_under_appeal,
        sum(responses.is_rescored) as responses_rescored,
        -- first scores of those that the programme counts
        sum(case when responses.programme_score is not null then responses.is_promoter else 0 end) as kept_promoters,
        sum(case when responses.programme_score is not null then responses.is_detractor else 0 end) as kept_detractors,
        sum(case when {{ nps_category('responses.programme_score') }} = 'promoter' then 1 else 0 end)
            as programme_promoters,
        sum(case when {{ nps_category('responses.programme_score') }} = 'detractor' then 1 else 0 end)
            as programme_detractors
    from responses
    inner join partners on responses.partner_key = partners.partner_key
    group by responses.chain_link_key, partners.partner_code, responses.quarter_start_on

),

scored as (

    select
        *,
        {{ nps('kept_promoters', 'kept_detractors', 'programme_responses') }} as kept_nps,
        {{ nps('programme_promoters', 'programme_detractors', 'programme_responses') }} as programme_nps
    from by_quarter

)

select
    shown.chain_link_key,
    shown.chain_code,
    shown.link_code,
    shown.partner_code,
    shown.partner_name,
    shown.quarter_start_on,
    shown.responses,
    shown.nps,
    {{ counted }} scored.programme_nps end as programme_nps,
    {{ counted }} scored.kept_nps - shown.nps end as exclusion_points,
    {{ counted }} scored.programme_nps - scored.kept_nps end as rescore_points,
    {{ counted }} scored.programme_nps - shown.nps end as programme_points,
    {{ unhidden }} cast(scored.responses - scored.programme_responses as bigint) end as responses_excluded,
    {{ unhidden }} cast(scored.responses_rescored as bigint) end as responses_rescored,
    {{ unhidden }} cast(scored.responses_under_appeal as bigint) end as responses_under_appeal,
    shown.is_suppressed,
    shown.suppression_reason
from scored
inner join shown
    on
        scored.chain_link_key = shown.chain_link_key
        and scored.partner_code = shown.partner_code
        and scored.quarter_start_on = shown.quarter_start_on
