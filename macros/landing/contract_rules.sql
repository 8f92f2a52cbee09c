{#- The rules that follow from the contract, in the order in which they are asked: each column's own, the partner, codes,
    partners and rows that are named, the currency. The first that fails is the row's reason. -#}
{% macro contract_rules(dataset, after={}) -%}
    {%- set said = landing_dataset(dataset) -%}
    {%- set rules = [] -%}
    {%- for column in said['columns'] -%}
        {%- do rules.extend(column_rules(dataset, column)) -%}
        {%- do rules.extend(after.get(column, [])) -%}
    {%- endfor -%}
    {{ return(rules + reversal_rules(dataset) + place_rules(dataset) + reference_rules(dataset)) }}
{%- endmacro %}

{#- A line that takes a transaction back says so by its sign too. -#}
{% macro reversal_rules(dataset) -%}
    {%- set columns = landing_dataset(dataset)['columns'] -%}
    {%- if 'reverses' in columns and 'revenue' in columns -%}
        {{ return([['out_of_range:revenue', 'revenue > 0 and reverses is not null']]) }}
    {%- endif -%}
    {{ return([]) }}
{%- endmacro %}

{#- What one column must hold. -#}
{% macro column_rules(dataset, column) -%}
    {%- set said = landing_dataset(dataset) -%}
    {%- set is = said['columns'][column] -%}
    {%- set must = is['required'] -%}
    {%- if is_answer_column(dataset, column) -%}
        {{ return([]) }}
    {%- elif is['words'] or is['type'] == 'boolean' -%}
        {{ return((required_text(column) if must else []) + word_rules(column)) }}
    {%- elif is['type'] in ('date', 'month') -%}
        {{ return(date_rules(column, must)) }}
    {%- elif is['type'] == 'timestamp' -%}
        {{ return(timestamp_rules(column, must)) }}
    {%- elif is['type'] in ('integer', 'decimal') -%}
        {{ return(number_rules(column, must, is['minimum'], is['maximum'])) }}
    {%- elif is['type'] == 'score' -%}
        {{ return(score_rules()) }}
    {%- elif is['of'] in ('links', 'surveys') -%}
        {%- set found = 'link_key' if is['of'] == 'links' else 'known_survey' -%}
        {{ return((required(column) if must else []) + lookup_rules('value_not_allowed', column, found)) }}
    {%- elif is['values'] -%}
        {{ return(allowed(column, is['values'], must)) }}
    {%- endif -%}
    {%- set rules = required_rules(column, is) -%}
    {%- if is['pattern'] -%}
        {%- do rules.append(['value_not_allowed:' ~ column, 'not ' ~ matches_regex(column, is['pattern'])]) -%}
    {%- endif -%}
    {{ return(rules) }}
{%- endmacro %}

{#- A text is given, always or where another column is. -#}
{% macro required_rules(column, is) -%}
    {%- if is['mangled_mark'] is not none -%}
        {{ return(required_text(column) + readable(column, 'spreadsheet_number')) }}
    {%- elif is['required'] -%}
        {{ return(required(column)) }}
    {%- elif is['required_with'] -%}
        {%- set alone = column ~ ' is null and ' ~ is['required_with'] ~ ' is not null' -%}
        {{ return([['missing_required:' ~ column, alone]]) }}
    {%- endif -%}
    {{ return([]) }}
{%- endmacro %}

{#- The partner of the folder (or the one that a column of chain administration names) is known, and so are the codes. -#}
{% macro place_rules(dataset) -%}
    {%- set place = place_of(dataset) -%}
    {%- set rules = [] -%}
    {%- if place not in ('codes', 'invitation') -%}
        {%- do rules.extend(partner_rules(has_country=(place == 'partner'))) -%}
    {%- endif -%}
    {%- for column in columns_with(dataset, 'of', 'industries') -%}
        {%- do rules.extend(lookup_rules('unknown_industry', column, 'industry_key')) -%}
    {%- endfor -%}
    {%- for column in columns_with(dataset, 'of', 'countries') -%}
        {#- a partner with a country needs none of its rows -#}
        {%- do rules.extend(lookup_rules('unknown_country', column, 'country_key')) -%}
    {%- endfor -%}
    {{ return(rules) }}
{%- endmacro %}

{#- Partners, rows of other data sets and the rate that the row names are known. -#}
{% macro reference_rules(dataset) -%}
    {%- set rules = [] -%}
    {%- for column in columns_with(dataset, 'of', 'partners') if column != 'partner_code' -%}
        {%- do rules.extend(lookup_rules('unknown_partner', column, 'known_' ~ column)) -%}
    {%- endfor -%}
    {%- for reference in landing_dataset(dataset)['references'] if reference['or_reject'] -%}
        {%- set column = reference['by'][-1] -%}
        {%- do rules.extend(lookup_rules(reference['or_reject'], column, 'known_' ~ column)) -%}
    {%- endfor -%}
    {%- set money = columns_with(dataset, 'money', true) -%}
    {%- if money -%}
        {%- do rules.extend(currency_rules(money[0])) -%}
    {%- endif -%}
    {{ return(rules) }}
{%- endmacro %}
