{#- Rules of the landing contract. Every macro returns a list of [reason, condition]; lists are added with +.
    A reason is a code of the seed quarantine_reasons, then a colon and the column. A column that is parsed keeps its
    text beside it as <column>_text: text without a value is a field that could not be read. -#}

{#- The first rule that fails, in the order given; null where none does. -#}
{% macro first_reason(rules) -%}
    case
        {%- for reason, condition in rules %}
        when {{ condition }} then '{{ reason }}'
        {%- endfor %}
    end
{%- endmacro %}

{% macro required(column) -%}
    {{ return([['missing_required:' ~ column, column ~ ' is null']]) }}
{%- endmacro %}

{#- The field holds text, and the text could not be read. -#}
{% macro readable(column, reason) -%}
    {{ return([[reason ~ ':' ~ column, column ~ ' is null and ' ~ column ~ '_text is not null']]) }}
{%- endmacro %}

{% macro allowed(column, words, required=false) -%}
    {%- set rules = [['value_not_allowed:' ~ column, column ~ " not in ('" ~ words | join("', '") ~ "')"]] -%}
    {{ return((required_text(column, '') if required else []) + rules) }}
{%- endmacro %}

{% macro required_text(column, suffix='_text') -%}
    {{ return([['missing_required:' ~ column, column ~ suffix ~ ' is null']]) }}
{%- endmacro %}

{#- Column of words that are translated (or of true and false): any other word is not allowed. -#}
{% macro word_rules(column) -%}
    {{ return(readable(column, 'value_not_allowed')) }}
{%- endmacro %}

{% macro date_rules(column, required=false) -%}
    {%- set range = ['date_out_of_range:' ~ column, outside_calendar(column)] -%}
    {{ return((required_text(column) if required else []) + readable(column, 'invalid_date') + [range]) }}
{%- endmacro %}

{#- <x>_at is judged by its moment for form, and by its local day <x>_on for range. -#}
{% macro timestamp_rules(column, required=false) -%}
    {%- set local_day = column[:-3] ~ '_on' -%}
    {%- set range = ['date_out_of_range:' ~ column, outside_calendar(local_day)] -%}
    {{ return((required_text(column) if required else []) + readable(column, 'invalid_timestamp') + [range]) }}
{%- endmacro %}

{% macro outside_calendar(column) -%}
    {{ return(column ~ " not between date '" ~ var('earliest_date') ~ "' and date '" ~ var('latest_date') ~ "'") }}
{%- endmacro %}

{% macro number_rules(column, required=false, minimum=none, maximum=none) -%}
    {%- set rules = (required_text(column) if required else []) + readable(column, 'invalid_number') -%}
    {%- set limits = ['abs(' ~ column ~ ') > ' ~ var('largest_number')] -%}
    {%- if minimum is not none %}{% do limits.append(column ~ ' < ' ~ minimum) %}{% endif -%}
    {%- if maximum is not none %}{% do limits.append(column ~ ' > ' ~ maximum) %}{% endif -%}
    {{ return(rules + [['out_of_range:' ~ column, limits | join(' or ')]]) }}
{%- endmacro %}

{#- Needs the currencies that ever had a rate as known_currency, and the month's rate as eur_per_unit. -#}
{% macro currency_rules(amount) -%}
    {%- set missing = amount ~ " is not null and eur_per_unit is null" -%}
    {{ return([
        ['unknown_currency:currency', missing ~ ' and known_currency is null'],
        ['no_exchange_rate:currency', missing],
    ]) }}
{%- endmacro %}

{#- The folder's partner must be one of its tier, and its rows must have a country. -#}
{% macro partner_rules(has_country=true) -%}
    {%- set country = [['unknown_country:partner_code', 'country_key is null']] if has_country else [] -%}
    {{ return([['unknown_partner:partner_code', 'industry_key is null']] + country) }}
{%- endmacro %}

{#- A code that is given must have been found: `found` is a column of the table it was looked up in. -#}
{% macro lookup_rules(reason, column, found) -%}
    {{ return([[reason ~ ':' ~ column, column ~ ' is not null and ' ~ found ~ ' is null']]) }}
{%- endmacro %}

{#- An answer that came with its invitation: `answered` is answered_at or answered_on. -#}
{% macro answer_rules(dataset, answered, sent) -%}
    {%- set form = timestamp_rules(answered) if answered.endswith('_at') else date_rules(answered) -%}
    {%- set text = answered ~ '_text' -%}
    {{ return(form + [
        ['no_answer:score', 'no_answer_word is not null or (score_text is null and ' ~ text ~ ' is not null)'],
        ['missing_required:' ~ answered, 'score_text is not null and ' ~ text ~ ' is null'],
        ['invalid_score:score', 'score is null and score_text is not null'],
        ['answer_before_invitation:' ~ answered, lies_before(dataset, answered, sent)],
    ]) }}
{%- endmacro %}

{#- A score where every row is an answer. -#}
{% macro score_rules() -%}
    {{ return([
        ['no_answer:score', 'score_text is null or no_answer_word is not null'],
        ['invalid_score:score', 'score is null'],
    ]) }}
{%- endmacro %}

{#- Amounts of a return are not positive, amounts of any other transaction are not negative. Which is which says a column,
    by the words that the contract's `kind` of the data set translates. -#}
{% macro return_sign_rules(dataset, column) -%}
    {%- set kind = landing_dataset(dataset)['kind'] -%}
    {%- set returns = [] -%}
    {%- for word, is in kind['words'].items() if is == 'return' -%}
        {%- do returns.append(word) -%}
    {%- endfor -%}
    {%- if not returns -%}
        {%- do exceptions.raise_compiler_error(dataset ~ ': no word of its kind means a return') -%}
    {%- endif -%}
    {%- set is_return = kind['column'] ~ " in ('" ~ returns | join("', '") ~ "')" -%}
    {%- set wrong_sign = '({0} > 0 and {1}) or ({0} < 0 and not {1})'.format(column, is_return) -%}
    {{ return([['out_of_range:' ~ column, wrong_sign]]) }}
{%- endmacro %}
