-- Every accepted invitation, answer and contact is in its fact once; a re-score and its invitation are in neither.
with

erased as (

    select * from {{ ref('int_erased_customer') }}

),

period as (

    select * from {{ ref('int_period') }}

),

asked_again as (

    select row_key as invitation_key from {{ ref('int_rescored_answer') }}
    union distinct
    select invitation_key from {{ ref('int_survey_response') }}
    where rescored_key is not null and invitation_key is not null

),

staged_invitations as (

    {% for dataset in surveys_holding('invitations') -%}
        select row_key from {{ ref('stg_' ~ dataset) }}
        {% if not loop.last %}
            union all

        {% endif -%}
    {% endfor %}

),

staged_answers as (

    {% for dataset in surveys_holding('answers') -%}
        select row_key from {{ ref('stg_' ~ dataset) }}
        {% if dataset in datasets_with_answers() -%}
            where answer_status = 'answered'
        {% endif -%}
        {% if not loop.last %}
            union all

        {% endif -%}
    {% endfor %}

),

staged_contacts as (

    {% for dataset in datasets_of('contact') -%}
        select row_key from {{ ref('stg_' ~ dataset) }}
        {% if not loop.last %}
            union all

        {% endif -%}
    {% endfor %}

),

-- counted on the events themselves, since an answer may be late where its invitation is not
late as (

    select
        'invitations' as fact,
        count(*) as events
    from {{ ref('int_survey_invitation') }} as events
    cross join period
    left join erased on events.customer_key = erased.customer_key
    left join asked_again on events.invitation_key = asked_again.invitation_key
    where
        erased.customer_key is not null
        or events.sent_on > period.as_of_on
        or asked_again.invitation_key is not null

    union all

    select
        'responses' as fact,
        count(*) as events
    from {{ ref('int_survey_response') }} as events
    cross join period
    left join erased on events.customer_key = erased.customer_key
    where
        erased.customer_key is not null
        or events.response_on > period.as_of_on
        or events.rescored_key is not null

    union all

    select
        'contacts' as fact,
        count(*) as events
    from {{ ref('int_contact') }} as events
    cross join period
    left join erased on events.customer_key = erased.customer_key
    where erased.customer_key is not null or events.opened_on > period.as_of_on

),

staged as (

    select
        'invitations' as fact,
        count(*) as events
    from staged_invitations
    union all
    select
        'responses' as fact,
        count(*) as events
    from staged_answers
    union all
    select
        'contacts' as fact,
        count(*) as events
    from staged_contacts

),

found as (

    select
        'invitations' as fact,
        count(*) as events
    from {{ ref('fct_survey_invitation') }}
    union all
    select
        'responses' as fact,
        count(*) as events
    from {{ ref('fct_nps_response') }}
    union all
    select
        'contacts' as fact,
        count(*) as events
    from {{ ref('fct_contact') }}

)

select
    staged.fact,
    staged.events as staged_events,
    late.events as late_events,
    found.events as found_events
from staged
inner join late on staged.fact = late.fact
inner join found on staged.fact = found.fact
where staged.events - late.events != found.events
