{#- Last part of a base model: the CTEs judged (amounts in euros, the first rule that fails), repeated (which rows of a
    repeated key do not stand) and `final`: the columns that a base model has, with reject_reason. `rules` are those that
    only this data set knows, after the contract's; `after` holds such rules by the column whose own rules they follow. -#}
{% macro judged_rows(dataset, rules=[], after={}, into='final') -%}
    {%- set said = landing_dataset(dataset) -%}
    {%- set has_answers = said['holds'] | length > 1 -%}
    {%- set answers = dataset if 'answers' in said['holds'] -%}
judged as {{ inline_cte() }} (

    select
        *,
        {%- for column in columns_with(dataset, 'money', true) %}
        {{ to_euros(column) }} as {{ column }}_eur,
        {%- endfor %}
        {{ first_reason(contract_rules(dataset, after) + rules) }} as reject_reason
        {%- if has_answers %},
        {{ first_reason(answer_rules(dataset, said['answered'], said['day'])) }} as answer_reject_reason
        {%- endif %}
    from matched

),

repeated as (

    {{ repeated_rows('judged', key=said['key'], content=content_columns(dataset), dataset=answers) }}

),

{{ into }} as (

    select
        {{ judged_columns(dataset) | join(',\n        ') }},
        {%- if answers %}
        case when repeated.is_answer_replaced then repeated.later_score end as later_score,
        coalesce(repeated.is_answer_replaced, false) as is_answer_replaced,
        {%- endif %}
        coalesce(judged.reject_reason, repeated.reject_reason) as reject_reason
        {%- if has_answers %},
        case
            when judged.reject_reason is null and repeated.reject_reason is null then judged.answer_reject_reason
        end as answer_reject_reason
        {%- endif %}
    from judged
    left join repeated on judged.row_key = repeated.row_key

)
{%- endmacro %}

{#- The columns of a base model, each as it is made of the judged rows; of an answer, those of its first valid one. -#}
{% macro judged_columns(dataset) -%}
    {%- set said = landing_dataset(dataset) -%}
    {%- set of_answer = answer_columns(dataset) if 'answers' in said['holds'] else [] -%}
    {%- set columns = [] -%}
    {%- for column in base_columns(dataset) -%}
        {%- set value = judged_moment('judged', dataset, column) -%}
        {%- if column == 'chain_key' -%}
            {%- do columns.append(chain_key('judged.industry_key', 'judged.country_key') ~ ' as chain_key') -%}
        {%- elif column == 'margin_eur' -%}
            {%- do columns.append('cast(judged.revenue_eur - judged.cost_eur as ' ~ euros_type() ~ ') as margin_eur') -%}
        {%- elif column in of_answer -%}
            {%- do columns.append(
                'case when repeated.is_answer_replaced then repeated.' ~ column ~ ' else ' ~ value ~ ' end as ' ~ column
            ) -%}
        {%- else -%}
            {%- do columns.append(named(value, column)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}

{#- A column of judged rows; a moment that can't lie before another is taken so that it does not. -#}
{% macro judged_moment(rows, dataset, column) -%}
    {%- if column in landing_dataset(dataset)['columns'] and earlier_moment(dataset, column) -%}
        {{ return(moment_not_before(rows, dataset, column)) }}
    {%- endif -%}
    {{ return(rows ~ '.' ~ column) }}
{%- endmacro %}

{#- The columns of a base model but its reasons: where the row comes from, its chain, what it says, amounts in euros. -#}
{% macro base_columns(dataset) -%}
    {%- set said = landing_dataset(dataset) -%}
    {%- set keys = place_keys(dataset) -%}
    {%- set columns = ['row_key', 'file_id', 'line_number'] -%}
    {%- if 'industry_key' in keys and 'country_key' in keys -%}
        {%- do columns.append('chain_key') -%}
    {%- endif -%}
    {%- do columns.extend(['industry_key', 'country_key', 'link_key'] | select('in', keys)) -%}
    {%- if said['link'] -%}
        {%- do columns.append('partner_code') -%}
    {%- endif -%}
    {%- for column, is in said['columns'].items() -%}
        {%- do columns.append(column) -%}
        {%- if is['type'] == 'timestamp' -%}
            {%- do columns.append(local_day(column)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set money = columns_with(dataset, 'money', true) -%}
    {%- for column in money -%}
        {%- do columns.append(column ~ '_eur') -%}
    {%- endfor -%}
    {%- if 'revenue' in money and 'cost' in money -%}
        {%- do columns.append('margin_eur') -%}
    {%- endif -%}
    {{ return(columns) }}
{%- endmacro %}

{#- The columns beside the key that say whether a repeated row says the same. Moments and answers count as they are written,
    since they are judged apart from the row and an unreadable one is not a blank one. -#}
{% macro content_columns(dataset) -%}
    {%- set said = landing_dataset(dataset) -%}
    {%- set columns = [] -%}
    {%- for column, is in said['columns'].items() if column not in said['key'] -%}
        {%- set as_written = is['type'] in ('timestamp', 'score') or is_answer_column(dataset, column) -%}
        {%- do columns.append(column ~ '_text' if as_written else column) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}

{#- In a row that holds an invitation and its answer, a column of the answer: a fault there costs the answer alone. -#}
{% macro is_answer_column(dataset, column) -%}
    {%- set said = landing_contract()[dataset] -%}
    {%- if said['holds'] | length < 2 -%}
        {{ return(false) }}
    {%- endif -%}
    {{ return(column == said['answered'] or landing_columns(dataset)[column]['type'] == 'score') }}
{%- endmacro %}

{#- The columns of a staging model: those of its base model, of accepted rows. Of a row whose answer was rejected nothing
    of the answer is left, and answer_status says so. -#}
{% macro accepted_columns(dataset) -%}
    {%- set said = landing_dataset(dataset) -%}
    {%- set has_answers = said['holds'] | length > 1 -%}
    {%- set of_answer = [said['answered'], day_column(dataset, said['answered']), 'score'] if has_answers else [] -%}
    {%- for column in base_columns(dataset) -%}
    {%- if column in of_answer -%}
    case when answer_reject_reason is null or is_answer_replaced then {{ column }} end as {{ column }}
    {%- else -%}
    {{ column }}
    {%- endif -%}
    {{ ',\n    ' if not loop.last }}
    {%- endfor -%}
    {%- if 'answers' in said['holds'] %},
    later_score,
    is_answer_replaced
    {%- endif -%}
    {%- if has_answers %},
    case
        when answer_reject_reason is not null and not is_answer_replaced then 'invalid'
        when score is null then 'not_answered'
        else 'answered'
    end as answer_status
    {%- endif -%}
{%- endmacro %}
