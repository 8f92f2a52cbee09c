{#- Second part of a base model: the CTE matched, parsed rows with what the contract looks up for them: the chain, known
    partners, rows of other data sets, the rate of the month, words that mean no answer, and whether the key is repeated. -#}
{% macro matched_rows(dataset) -%}
    {%- set said = landing_dataset(dataset) -%}
    {%- set is_timed = columns_with(dataset, 'type', 'timestamp') | length > 0 -%}
    {%- set place_reference = 1 if place_of(dataset) in ('contact', 'invitation') else 0 -%}
    {%- set references = said['references'][place_reference:] -%}
    {%- set partner_columns = columns_with(dataset, 'of', 'partners') | reject('equalto', 'partner_code') | list -%}
    {%- set currency = (columns_with(dataset, 'of', 'exchange_rates') + [none])[0] -%}
    {%- set columns = [] if is_timed else place_columns(dataset) -%}
    {%- set joins = [] if is_timed else place_joins(dataset, 'parsed') -%}
{% if not is_timed -%}
{{ place_tables(dataset) }}
{%- endif -%}
{%- for reference in references -%}
{{ referred_rows_table(reference) }}
    {%- do columns.extend(referred_columns(reference)) -%}
    {%- do joins.append(referred_rows_join(reference, 'parsed')) -%}
{%- endfor -%}
{%- for column in partner_columns -%}
{{ column }}_partners as (

    {{ partners_among(said['columns'][column]['among']) }}

),

    {% do columns.append(column ~ '_partners.partner_code as known_' ~ column) -%}
    {%- do joins.append('left join ' ~ column ~ '_partners on parsed.' ~ column ~ ' = ' ~ column ~ '_partners.partner_code') -%}
{%- endfor -%}
{%- if currency -%}
exchange_rates as (

    select * from {{ ref('stg_chain__exchange_rates') }}

),

known_currencies as (

    select distinct currency from exchange_rates

),

    {% do columns.extend([
        'known_currencies.currency as known_currency',
        euro_rate('parsed.' ~ currency) ~ ' as eur_per_unit',
    ]) -%}
    {%- do joins.extend([
        'left join exchange_rates on parsed.' ~ currency ~ ' = exchange_rates.currency and '
        ~ first_of_month('parsed.' ~ day_of(dataset)) ~ ' = exchange_rates.month',
        'left join known_currencies on parsed.' ~ currency ~ ' = known_currencies.currency',
    ]) -%}
{%- endif -%}
{%- if columns_with(dataset, 'type', 'score') -%}
no_answer_words as (

    select * from {{ ref('no_answer_words') }}

),

    {% do columns.append('no_answer_words.word as no_answer_word') -%}
    {%- do joins.append('left join no_answer_words on lower(trim(parsed.score_text)) = no_answer_words.word') -%}
{%- endif -%}
    {%- do columns.append('repeated_keys.' ~ said['key'][0] ~ ' is not null as is_repeated') -%}
    {%- do joins.append('left join repeated_keys on ' ~ equal_columns('parsed', 'repeated_keys', said['key'])) -%}
matched as {{ inline_cte() }} (

    select
        parsed.*,
        {{ columns | join(',\n        ') }}
    from parsed
    {{ joins | join('\n    ') }}

)
{%- endmacro %}

{#- The accepted rows of another data set that a reference of the contract names, as a CTE and a comma. A reference by
    fewer columns than the other's key may meet several rows; it asks only whether there is one. -#}
{% macro referred_rows_table(reference) -%}
    {%- set is_whole_key = landing_dataset(reference['to'])['key'] == reference['by'] -%}
{{ alias_of(reference) }} as {{ inline_cte() if landing_dataset(reference['to'])['load'] == 'changes' }} (

    select {{ '*' if is_whole_key else 'distinct ' ~ reference['by'] | join(', ') }} from {{ ref('stg_' ~ reference['to']) }}

),

{% endmacro %}

{% macro referred_rows_join(reference, rows) -%}
    {{ return('left join ' ~ alias_of(reference) ~ ' on ' ~ equal_columns(rows, alias_of(reference), reference['by'])) }}
{%- endmacro %}

{#- What a reference brings: the other's number, if rows are rejected without it, and the columns taken. -#}
{% macro referred_columns(reference) -%}
    {%- set columns = [] -%}
    {%- if reference['or_reject'] -%}
        {%- do columns.append(alias_of(reference) ~ '.' ~ reference['by'][-1] ~ ' as known_' ~ reference['by'][-1]) -%}
    {%- endif -%}
    {%- for column in reference['take'] -%}
        {%- do columns.append(alias_of(reference) ~ '.' ~ column) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}

{#- The entity of a data set <source>__<entity>, by which a query calls its rows. -#}
{% macro alias_of(reference) -%}
    {{ return(reference['to'].split('__')[1]) }}
{%- endmacro %}

{% macro equal_columns(rows, others, columns) -%}
    {%- set pairs = [] -%}
    {%- for column in columns -%}
        {%- do pairs.append(rows ~ '.' ~ column ~ ' = ' ~ others ~ '.' ~ column) -%}
    {%- endfor -%}
    {{ return(pairs | join(' and ')) }}
{%- endmacro %}
