{#- What programmes do to first scores without a word, or so that the first score can't be known. -#}
with

rescored as (

    select * from {{ ref('int_rescored_answer') }}

),

answers as (

    {% for dataset in surveys_holding('answers') -%}
        {%- set names_others = dataset in datasets_with_rescores() %}
        select
            row_key,
            '{{ dataset }}' as dataset,
            partner_code,
            {{ 'rescores is not null and rescores != ' ~ number_column(dataset) if names_others else 'false' }}
                as is_rescore,
            is_answer_replaced
        from {{ ref('stg_' ~ dataset) }}
        where {{ "answer_status = 'answered'" if dataset in datasets_with_answers() else 'true' }}
        {% if not loop.last %}
            union all

        {% endif -%}
    {% endfor %}

),

counted as (

    select
        answers.dataset,
        answers.partner_code,
        count(*) as answers,
        count(*) filter (where answers.is_answer_replaced) as replaced,
        count(*) filter (where answers.is_rescore) as rescores,
        count(*) filter (where answers.is_rescore and rescored.row_key is null) as rescores_of_nothing
    from answers
    left join rescored on answers.row_key = rescored.row_key
    group by answers.dataset, answers.partner_code

)

select
    'first_score_missing' as warning_code,
    dataset,
    partner_code,
    cast(null as {{ dbt.type_string() }}) as file_path,
    cast(rescores_of_nothing as bigint) as rows_affected,
    cast(rescores as bigint) as rows_total,
    'They re-score answers that were never delivered or have no score, so that the re-score counts as the first: '
    || 'the first deliveries are probably missing.' as sentence
from counted
where rescores_of_nothing > 0

union all

select
    'score_replaced' as warning_code,
    dataset,
    partner_code,
    cast(null as {{ dbt.type_string() }}) as file_path,
    cast(replaced as bigint) as rows_affected,
    cast(answers as bigint) as rows_total,
    'They were delivered again with another score or none, as a survey programme does that replaces scores: '
    || 'the first ones count, and mart_programme_score says what the later ones would add.' as sentence
from counted
where replaced > 0
