{#- Of a large file a sample is looked up, every so many lines, so that a load does not get slower with it. -#}
{%- set looked_up = [] -%}
{%- for dataset in landing_datasets() -%}
    {%- for reference in open_references(dataset) -%}
        {%- do looked_up.append(dict(reference, dataset=dataset)) -%}
    {%- endfor -%}
{%- endfor -%}
{%- set naming_answers = datasets_naming_answers() -%}
with

surveys as (

    select * from {{ ref('surveys') }}

),

survey_responses as (

    select * from {{ ref('int_survey_response') }}

),

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

),

-- where the answers to each survey are delivered
answering as (

    {% for dataset in surveys_holding('answers') -%}
        select
            '{{ landing_dataset(dataset)['survey'] }}' as survey_code,
            '{{ dataset }}' as dataset
        {% if not loop.last %}
            union all

        {% endif -%}
    {% endfor %}

),

answers as (

    select distinct
        surveys.survey_code,
        survey_responses.partner_code,
        survey_responses.response_no
    from survey_responses
    inner join surveys on survey_responses.survey_key = surveys.survey_key

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

    union all

{% endfor %}
-- rows about an answer of any survey name it by the survey, the partner and its number
{% for dataset in naming_answers -%}
    select
        files.file_id,
        answering.dataset as to_dataset,
        'response_no' as number_name,
        true as is_of_partner,
        count(*) as rows_looked_up,
        count(answers.response_no) as rows_found
    from {{ ref('stg_' ~ dataset) }} as named
    inner join files on named.file_id = files.file_id
    inner join answering on named.survey = answering.survey_code
    inner join deliverers
        on
            named.partner_code = deliverers.partner_code
            and answering.dataset = deliverers.dataset
    left join answers
        on
            named.survey = answers.survey_code
            and named.partner_code = answers.partner_code
            and named.response_no = answers.response_no
    where
        mod(
            named.line_number,
            greatest(1, cast(floor(files.rows_read / {{ var('references_looked_up') }}) as bigint))
        ) = 0
    group by files.file_id, answering.dataset
    {% if not loop.last %}
        union all

    {% endif -%}
{% endfor %}
