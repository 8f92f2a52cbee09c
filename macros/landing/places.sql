{#- The chain of a row: industry, country and link, by `place_of`. Tables to read, joins to make, columns to take. -#}

{#- The CTEs, each followed by a comma. -#}
{% macro place_tables(dataset) -%}
    {%- set said = landing_dataset(dataset) -%}
    {%- set place = place_of(dataset) -%}
    {%- if place in ('partner', 'any', 'row', 'contact') -%}
partners as (

    {{ partners_among(said['link'] or said['columns']['partner_code']['among']) }}

),

{% endif -%}
    {%- if place in ('contact', 'invitation') -%}
{{ referred_rows_table(said['references'][0]) }}
    {%- endif -%}
    {%- for seed in place_seeds(dataset) -%}
{{ seed }} as (

    select * from {{ ref(seed) }}

),

{% endfor -%}
{%- endmacro %}

{#- The seeds that codes are looked up in. -#}
{% macro place_seeds(dataset) -%}
    {%- set seeds = [] -%}
    {%- for seed in ('surveys', 'industries', 'countries', 'links') -%}
        {%- if columns_with(dataset, 'of', seed) or (seed == 'countries' and place_of(dataset) in ('contact', 'invitation')) -%}
            {%- do seeds.append(seed) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(seeds) }}
{%- endmacro %}

{#- Partners that a column may name: of one link, of all points of sale, or (with a survey) of the link it scores. -#}
{% macro partners_among(among) -%}
    {%- if among == 'points_of_sale' -%}
    select partner_codes.*
    from {{ ref('int_partner_code') }} as partner_codes
    inner join {{ ref('links') }} as links on partner_codes.link_code = links.link_code
    where links.is_point_of_sale
    {%- else -%}
    select * from {{ ref('int_partner_code') }}
    {%- if among != 'survey' %}
    where link_code = '{{ among }}'
    {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#- The joins of the rows of `rows` with these. -#}
{% macro place_joins(dataset, rows) -%}
    {%- set said = landing_dataset(dataset) -%}
    {%- set place = place_of(dataset) -%}
    {%- set joins = [] -%}
    {%- for column in columns_with(dataset, 'of', 'surveys') -%}
        {%- do joins.append('left join surveys on ' ~ rows ~ '.' ~ column ~ ' = surveys.survey_code') -%}
    {%- endfor -%}
    {%- if place in ('partner', 'any', 'row', 'contact') -%}
        {%- set of_link = ' and surveys.link_code = partners.link_code' if 'surveys' in place_seeds(dataset) else '' -%}
        {%- do joins.append('left join partners on ' ~ rows ~ '.partner_code = partners.partner_code' ~ of_link) -%}
    {%- endif -%}
    {%- if place in ('contact', 'invitation') -%}
        {%- set owner = alias_of(said['references'][0]) -%}
        {%- do joins.append(referred_rows_join(said['references'][0], rows)) -%}
        {%- do joins.append('left join countries on ' ~ owner ~ '.country_key = countries.country_key') -%}
    {%- endif -%}
    {%- for seed, code in [('industries', 'industry_code'), ('countries', 'country_code'), ('links', 'link_code')] -%}
        {%- for column in columns_with(dataset, 'of', seed) -%}
            {%- do joins.append('left join ' ~ seed ~ ' on ' ~ rows ~ '.' ~ column ~ ' = ' ~ seed ~ '.' ~ code) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(joins) }}
{%- endmacro %}

{#- The columns that these bring. -#}
{% macro place_columns(dataset) -%}
    {%- set said = landing_dataset(dataset) -%}
    {%- set place = place_of(dataset) -%}
    {%- set owner = alias_of(said['references'][0]) if place in ('contact', 'invitation') else none -%}
    {%- set columns = [] -%}
    {%- if place == 'codes' -%}
        {%- for seed in place_seeds(dataset) -%}
            {%- do columns.append(seed ~ '.' ~ place_key(seed)) -%}
        {%- endfor -%}
    {%- else -%}
        {%- set country = {
            'row': 'coalesce(partners.country_key, countries.country_key) as country_key',
            'contact': 'coalesce(partners.country_key, ' ~ owner ~ '.country_key) as country_key',
            'invitation': owner ~ '.country_key',
        }.get(place, 'partners.country_key') -%}
        {%- set others = owner if place == 'invitation' else 'partners' -%}
        {%- do columns.extend([others ~ '.industry_key', country, others ~ '.link_key']) -%}
        {%- if owner -%}
            {%- do columns.extend(referred_columns(said['references'][0])) -%}
        {%- endif -%}
        {%- if 'surveys' in place_seeds(dataset) -%}
            {%- do columns.append('surveys.survey_code as known_survey') -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(columns) }}
{%- endmacro %}

{% macro place_key(seed) -%}
    {{ return({'industries': 'industry_key', 'countries': 'country_key', 'links': 'link_key'}[seed]) }}
{%- endmacro %}

{#- The keys of its place that a data set's rows have. -#}
{% macro place_keys(dataset) -%}
    {%- if place_of(dataset) != 'codes' -%}
        {{ return(['industry_key', 'country_key', 'link_key']) }}
    {%- endif -%}
    {%- set keys = [] -%}
    {%- for seed in place_seeds(dataset) -%}
        {%- do keys.append(place_key(seed)) -%}
    {%- endfor -%}
    {{ return(keys) }}
{%- endmacro %}

{#- The time zone of the wall clock where a row was written. -#}
{% macro time_zone_of(dataset) -%}
    {{ return({
        'partner': 'partners.time_zone',
        'any': 'partners.time_zone',
        'row': 'coalesce(partners.time_zone, countries.time_zone)',
        'contact': 'coalesce(partners.time_zone, countries.time_zone)',
        'invitation': 'countries.time_zone',
    }[place_of(dataset)]) }}
{%- endmacro %}

{#- The time zone where what a row tells of happened: that of the row's country, unless it is the partner's too, who may
    have said in which of its zones it is. -#}
{% macro place_zone_of(dataset) -%}
    {%- if place_of(dataset) in ('row', 'contact') -%}
        {{ return(
            'case when countries.country_key is null or countries.country_key = partners.country_key '
            ~ 'then partners.time_zone else countries.time_zone end'
        ) }}
    {%- endif -%}
    {{ return(time_zone_of(dataset)) }}
{%- endmacro %}
