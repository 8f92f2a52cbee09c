{#- Which answers re-score another: the rows that name the number of an accepted one, with the first of its line. -#}
{%- set datasets = datasets_with_rescores() -%}
{#- a doubling each: re-scores of re-scores are followed over eight of them -#}
{%- set steps = ['once', 'twice', 'four_times', 'eight_times'] -%}
with

{% for dataset in datasets -%}
    {{ dataset }}_rows as {{ inline_cte() }} (

        select
            row_key,
            partner_code,
            {{ named(number_column(dataset), 'row_no') }},
            rescores,
            {{ "answer_status = 'answered'" if dataset in datasets_with_answers() else 'true' }} as is_answered
        from {{ ref('stg_' ~ dataset) }}

    ),

{% endfor -%}

once as (

    {% for dataset in datasets -%}
        select
            naming.row_key,
            named.row_key as rescored_key,
            named.is_answered
        from {{ dataset }}_rows as naming
        inner join {{ dataset }}_rows as named
            on naming.partner_code = named.partner_code and naming.rescores = named.row_no
        where naming.rescores is not null
        {% if not loop.last %}
            union all

        {% endif -%}
    {% endfor %}

),

{% for step in steps[1:] -%}
    {%- set before = steps[loop.index0] -%}
    {{ step }} as (

        select
            {{ before }}.row_key,
            coalesce(further.rescored_key, {{ before }}.rescored_key) as rescored_key,
            coalesce(further.is_answered, {{ before }}.is_answered) as is_answered
        from {{ before }}
        left join {{ before }} as further on {{ before }}.rescored_key = further.row_key

    ),

{% endfor -%}

naming_rows as (

    select row_key as naming_key from once

)

select
    {{ steps[-1] }}.row_key,
    {{ steps[-1] }}.rescored_key
from {{ steps[-1] }}
left join naming_rows on {{ steps[-1] }}.rescored_key = naming_rows.naming_key
where
    -- a re-score of what was never answered is the first answer
    {{ steps[-1] }}.is_answered
    -- answers that re-score each other have no first one
    and naming_rows.naming_key is null
