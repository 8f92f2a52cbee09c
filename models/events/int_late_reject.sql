{#- Rows that were read well and still must not count: people who asked to be erased, and events dated after the day
    the data are complete to. Both are known only once identities are resolved and all events are seen. -#}
{#- Rows that name a partner's own customer. Surveys and contacts are asked once they have found theirs. -#}
{%- set rows_of_customers = datasets_naming_customers() -%}
{%- set naming_answers = datasets_naming_answers() -%}
{%- set resolved_rows = [
    ('int_survey_invitation', 'invitation_key', 'sent_on'),
    ('int_contact', 'contact_key', 'opened_on'),
    ('int_survey_response', 'response_key', 'response_on'),
] -%}
with

period as (

    select * from {{ ref('int_period') }}

),

{% for dataset in naming_answers %}
    {{ dataset }} as (

        select * from {{ ref('stg_' ~ dataset) }}

    ),

{% endfor %}

surveys as (

    select * from {{ ref('surveys') }}

),

responses as {{ inline_cte() }} (

    select * from {{ ref('int_survey_response') }}

),

erased_nodes as (

    select * from {{ ref('int_erased_node') }}

),

erased_customers as (

    select * from {{ ref('int_erased_customer') }}

),

{% for dataset in rows_of_customers %}
    {{ dataset }}_rows as (

        select
            row_key,
            file_id,
            {{ customer_column(dataset) }} as node_key,
            {{ day_of(dataset) if landing_dataset(dataset)['shape'] == 'transaction' else 'cast(null as date)' }}
                as happened_on
        from {{ ref('stg_' ~ dataset) }}

    ),

{% endfor %}

{%- for model, key, day in resolved_rows %}
    {{ model }}_rows as (

        select
            {{ key }} as row_key,
            file_id,
            customer_key,
            {{ day }} as happened_on
        from {{ ref(model) }}

    ),

{% endfor %}

-- what names an erased person's response goes with it
erased_with_answers as (

    {% for dataset in naming_answers -%}
        select
            named.row_key,
            named.file_id
        from {{ dataset }} as named
        inner join surveys on named.survey = surveys.survey_code
        inner join responses
            on
                surveys.survey_key = responses.survey_key
                and named.partner_code = responses.partner_code
                and named.response_no = responses.response_no
        inner join erased_customers on responses.customer_key = erased_customers.customer_key
        {% if not loop.last %}
            union all

        {% endif -%}
    {% endfor %}

),

rescored as (

    select distinct rescored_key as family_key
    from {{ ref('int_rescored_answer') }}

),

-- an answer and its re-scores are one person's, whichever of them says whose
answer_families as (

    select
        responses.response_key as row_key,
        responses.file_id,
        responses.customer_key,
        rescored.family_key
    from responses
    inner join rescored on coalesce(responses.rescored_key, responses.response_key) = rescored.family_key

),

erased_families as (

    select distinct answer_families.family_key
    from answer_families
    inner join erased_customers on answer_families.customer_key = erased_customers.customer_key

),

judged as (

    select
        row_key,
        file_id,
        'erased_on_request' as reason_code
    from erased_with_answers

    union all

    select
        answer_families.row_key,
        answer_families.file_id,
        'erased_on_request' as reason_code
    from answer_families
    inner join erased_families on answer_families.family_key = erased_families.family_key

    union all

    {%- for dataset in rows_of_customers %}

        select
            events.row_key,
            events.file_id,
            case when erased_nodes.node_key is not null then 'erased_on_request' else 'date_after_as_of' end
                as reason_code
        from {{ dataset }}_rows as events
        cross join period
        left join erased_nodes on events.node_key = erased_nodes.node_key
        where erased_nodes.node_key is not null or events.happened_on > period.as_of_on

        union all
    {%- endfor %}
    {%- for model, key, day in resolved_rows %}

        select
            events.row_key,
            events.file_id,
            case when erased_customers.customer_key is not null then 'erased_on_request' else 'date_after_as_of' end
                as reason_code
        from {{ model }}_rows as events
        cross join period
        left join erased_customers on events.customer_key = erased_customers.customer_key
        where erased_customers.customer_key is not null or events.happened_on > period.as_of_on
        {% if not loop.last %}
            union all
        {% endif %}
    {%- endfor %}

)

select
    row_key,
    file_id,
    -- a survey row stands here once for its invitation and once for its answer
    max(reason_code) as reason_code
from judged
group by row_key, file_id
