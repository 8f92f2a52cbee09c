{#- Of a large file a sample is looked up, every so many lines, so that a load does not get slower with it. -#}
{%- set looked_up = [] -%}
{%- for dataset in landing_datasets() -%}
    {%- for reference in open_references(dataset) -%}
        {%- do looked_up.append(dict(reference, dataset=dataset)) -%}
    {%- endfor -%}
{%- endfor -%}
with

files as (

    select * from {{ ref('int_delivered_file') }}

),

file_counts as (

    select * from {{ ref('int_file_count') }}

),

-- who delivers rows of a data set: of a partner that delivers none, none can be found
deliverers as (

    select distinct
        files.dataset,
        files.partner_code
    from files
    inner join file_counts on files.file_id = file_counts.file_id

)

{%- for reference in looked_up %}
    {%- set is_whole_key = landing_dataset(reference['to'])['key'] == reference['other'] %},

    target_{{ loop.index }} as (

        select {{ '' if is_whole_key else 'distinct ' }}{{ reference['other'] | join(', ') }}
        from {{ ref('stg_' ~ reference['to']) }}

    )
{%- endfor %}

{% for reference in looked_up -%}
    {%- set number = reference['own'][-1] -%}
    select
        files.file_id,
        '{{ reference['to'] }}' as to_dataset,
        '{{ number | replace('_hash', '_no') }}' as number_name,
        {{ 'true' if reference['of_partner'] else 'false' }} as is_of_partner,
        count(*) as rows_looked_up,
        count(targets.{{ reference['other'][-1] }}) as rows_found
    from {{ ref('stg_' ~ reference['dataset']) }} as named
    inner join files on named.file_id = files.file_id
    {%- if reference['of_partner'] %}
        inner join deliverers
            on
                named.partner_code = deliverers.partner_code
                and deliverers.dataset = '{{ reference['to'] }}'
    {%- endif %}
    left join target_{{ loop.index }} as targets
        on
            {% for own in reference['own'] -%}
                {{ 'and ' if not loop.first }}named.{{ own }} = targets.{{ reference['other'][loop.index0] }}
            {% endfor %}
    where
        named.{{ number }} is not null
        and mod(
            named.line_number,
            greatest(1, cast(floor(files.rows_read / {{ var('references_looked_up') }}) as bigint))
        ) = 0
    group by files.file_id
    {% if not loop.last %}
        union all

    {% endif -%}
{% endfor %}
