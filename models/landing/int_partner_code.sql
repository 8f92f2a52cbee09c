{#- The links of which some data set names a country in its rows: there a partner without one is active in several. -#}
{%- set links_of_many_countries = [] -%}
{%- for dataset in landing_datasets() if place_of(dataset) == 'row' -%}
    {%- do links_of_many_countries.append(landing_dataset(dataset)['link']) -%}
{%- endfor -%}
{%- set steps = range(1, var('max_hierarchy_depth') + 1) -%}
-- noqa: disable=LT02,LT05
with

partners as (

    select * from {{ ref('stg_chain__partners') }}

),

countries as (

    select * from {{ ref('countries') }}

),

first_versions as (

    select *
    from partners
    qualify row_number() over (partition by partner_code order by valid_from) = 1

),

-- A partner that gives no country, and whose rows can't either, is where the nearest one above it is that does.
placed as (

    select
        first_versions.partner_code,
        first_versions.link_key,
        first_versions.industry_key,
        first_versions.link as link_code,
        first_versions.industry as industry_code,
        first_versions.time_zone,
        case
            when first_versions.link in ('{{ links_of_many_countries | unique | join("', '") }}')
                then first_versions.country_key
            else coalesce(
                first_versions.country_key{% for step in steps %}, above_{{ step }}.country_key{% endfor %}
            )
        end as country_key
    from first_versions
    {%- for step in steps %}
    left join first_versions as above_{{ step }}
        on {{ 'first_versions' if step == 1 else 'above_' ~ (step - 1) }}.parent_partner_code
            = above_{{ step }}.partner_code
    {%- endfor %}

)

select
    placed.partner_code,
    placed.link_key,
    placed.industry_key,
    placed.country_key,
    placed.link_code,
    placed.industry_code,
    countries.country_code,
    coalesce(placed.time_zone, countries.time_zone) as time_zone
from placed
left join countries on placed.country_key = countries.country_key
