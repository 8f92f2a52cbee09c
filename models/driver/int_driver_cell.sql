{#- Of each link, who answered in the trailing quarters: each answer once by touchpoint, once by survey mode, and, where
    the link's surveys ask about contacts, once by the contact's reason. Partners have cells of their own
    (int_ranking_cell). -#}
{%- set surveys_of_contacts = surveys_about('contact') -%}
{%- set kinds = {
    'touchpoint': ('touchpoint_code', 'touchpoint_name'),
    'survey_mode': ('channel_code', 'channel_name'),
    'contact_reason': ('reason_code', 'reason_code'),
} -%}
{%- set no_contact = "'(none)'" -%}
with

responses as (

    select * from {{ ref('fct_nps_response') }}

),

period as (

    select * from {{ ref('int_period') }}

),

touchpoints as (

    select * from {{ ref('dim_touchpoint') }}

),

channels as (

    select * from {{ ref('dim_channel') }}

),

reasons as (

    {% for dataset in surveys_of_contacts -%}
        {%- set owner = landing_dataset(dataset)['belongs_to'] %}
        select
            surveys.row_key as survey_row_key,
            {{ code_or_other('contacts.reason') }} as reason_code
        from {{ ref('stg_' ~ dataset) }} as surveys
        inner join {{ ref('stg_' ~ owner['dataset']) }} as contacts
            on {{ equal_columns('surveys', 'contacts', owner['by']) }}
        {% if not loop.last %}
            union all

        {% endif -%}
    {% else %}
        select
            cast(null as bigint) as survey_row_key,
            cast(null as {{ dbt.type_string() }}) as reason_code
        from period
        where false
    {% endfor %}

),

answers as (

    select
        responses.chain_link_key,
        touchpoints.touchpoint_code,
        touchpoints.touchpoint_name,
        channels.channel_code,
        channels.channel_name,
        -- of links that nobody was asked about a contact with, no answer has a reason
        case
            when max(reasons.survey_row_key) over (partition by responses.chain_link_key) is not null
                then coalesce(reasons.reason_code, {{ no_contact }})
        end as reason_code,
        responses.is_promoter,
        responses.is_passive,
        responses.is_detractor
    from responses
    inner join period on responses.quarter_start_on between period.trailing_from and period.trailing_to
    inner join touchpoints on responses.touchpoint_key = touchpoints.touchpoint_key
    inner join channels on responses.channel_key = channels.channel_key
    -- an answer in a row of its own names the contact by its invitation
    left join reasons on coalesce(responses.invitation_key, responses.response_key) = reasons.survey_row_key

)

{% for kind, (code, name) in kinds.items() -%}
    select
        chain_link_key,
        '{{ kind }}' as driver_kind,
        {{ code }} as driver_code,
        {{ name }} as driver_name,
        count(*) as responses,
        cast(sum(is_promoter) as bigint) as promoters,
        cast(sum(is_passive) as bigint) as passives,
        cast(sum(is_detractor) as bigint) as detractors
    from answers
    where {{ code }} is not null
    group by chain_link_key, {{ [code, name] | unique | join(', ') }}
    {% if not loop.last %}
        union all

    {% endif -%}
{% endfor %}
