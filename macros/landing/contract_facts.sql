{#- What the landing contract says, as models ask for it. The contract itself is `landing_contract`, written from
    contract/landing.yml; nothing of it is typed again in a model, a macro or a test. -#}

{#- The data sets in the contract's order; each has a model base_<data set> and one stg_<data set>. -#}
{% macro landing_datasets() -%}
    {{ return(landing_contract().keys() | list) }}
{%- endmacro %}

{#- What the contract says of one data set, and of its columns. -#}
{% macro landing_dataset(dataset) -%}
    {%- set said = landing_contract().get(dataset) -%}
    {%- if said is none -%}
        {%- do exceptions.raise_compiler_error('contract/landing.yml has no data set ' ~ dataset) -%}
    {%- endif -%}
    {{ return(dict(said, columns=landing_columns(dataset))) }}
{%- endmacro %}

{#- The data sets whose rows have this shape. -#}
{% macro datasets_of(shape) -%}
    {{ return(datasets_with('shape', shape)) }}
{%- endmacro %}

{#- The data sets of which the contract says this. -#}
{% macro datasets_with(property, value) -%}
    {%- set found = [] -%}
    {%- for name, said in landing_contract().items() if said[property] == value -%}
        {%- do found.append(name) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- The survey data sets whose rows hold `part`: invitations or answers. -#}
{% macro surveys_holding(part) -%}
    {%- set found = [] -%}
    {%- for name, said in landing_contract().items() if part in said['holds'] -%}
        {%- do found.append(name) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- Those where a row is an invitation with its answer, so that the answer alone can be rejected. -#}
{% macro datasets_with_answers() -%}
    {%- set found = [] -%}
    {%- for name, said in landing_contract().items() if said['holds'] | length > 1 -%}
        {%- do found.append(name) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- Those whose rows can name an answer that they re-score. -#}
{% macro datasets_with_rescores() -%}
    {%- set found = [] -%}
    {%- for name in surveys_holding('answers') if 'rescores' in landing_columns(name) -%}
        {%- do found.append(name) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- Whether the answers of a data set stand in rows of their own, each of an invitation that another data set holds. -#}
{% macro answers_apart(dataset) -%}
    {%- set contract = landing_contract() -%}
    {%- set owner = contract[dataset]['belongs_to'] -%}
    {{ return(contract[dataset]['holds'] == ['answers'] and owner and contract[owner['dataset']]['shape'] == 'survey') }}
{%- endmacro %}

{#- The columns of a data set that hold keyed identities, by the kind of identity. -#}
{% macro identity_columns(dataset) -%}
    {%- set found = {} -%}
    {%- for column, is in landing_dataset(dataset)['columns'].items() if is['identity'] and is['identity'] != 'agent' -%}
        {%- do found.update({is['identity']: column}) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- The column that holds a partner's own number of its customer; none where rows name no customer so. -#}
{% macro customer_column(dataset) -%}
    {%- set identities = identity_columns(dataset) -%}
    {{ return(identities.get('customer', identities.get('loyalty'))) }}
{%- endmacro %}

{#- The columns of a data set that are written so, or that the contract looks up in `of`. -#}
{% macro columns_with(dataset, property, value) -%}
    {%- set found = [] -%}
    {%- for column, is in landing_dataset(dataset)['columns'].items() if is[property] == value -%}
        {%- do found.append(column) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- The column that names a row within its partner: the one column of the key beside the partner's code. -#}
{% macro number_column(dataset) -%}
    {{ return((landing_contract()[dataset]['key'] | reject('equalto', 'partner_code') | list)[-1]) }}
{%- endmacro %}

{#- The calendar day of a column: of a moment <x>_at the local day <x>_on. -#}
{% macro day_column(dataset, column) -%}
    {%- set is_moment = landing_dataset(dataset)['columns'][column]['type'] == 'timestamp' -%}
    {{ return(local_day(column) if is_moment else column) }}
{%- endmacro %}

{#- The name of the local day of a moment <x>_at. -#}
{% macro local_day(column) -%}
    {{ return(column[:-3] ~ '_on') }}
{%- endmacro %}

{#- The day that dates a data set's rows; none where no column does. -#}
{% macro day_of(dataset) -%}
    {%- set day = landing_dataset(dataset)['day'] -%}
    {{ return(day_column(dataset, day) if day else none) }}
{%- endmacro %}

{#- A column that the data set has, or null of that type: what a shape asks for and this data set does not deliver. -#}
{% macro column_or_null(dataset, column, type, relation=none) -%}
    {%- set is_there = column in landing_columns(dataset) -%}
    {{ return(prefixed(column, relation) if is_there else 'cast(null as ' ~ type ~ ')') }}
{%- endmacro %}

{#- The moment of a data set's `day` or `answered`, or null where it only knows the day. -#}
{% macro moment_or_null(dataset, property, relation=none) -%}
    {%- set column = landing_dataset(dataset)[property] -%}
    {%- set is_moment = column is not none and landing_dataset(dataset)['columns'][column]['type'] == 'timestamp' -%}
    {{ return(prefixed(column, relation) if is_moment else 'cast(null as timestamp)') }}
{%- endmacro %}

{#- How the chain of a row is known:
      partner     the folder's partner, which must have a country, since its rows name none
      any         the folder's partner (or the one named in a column), with or without a country
      row         the folder's partner; if it has no country, the country that the row names
      contact     the folder's partner; if it has no country, that of the contact the row belongs to
      invitation  the invitation that the row answers
      codes       codes of industry, country and link in the row, as many as it has -#}
{% macro place_of(dataset) -%}
    {%- set said = landing_dataset(dataset) -%}
    {%- set owner = landing_dataset(said['belongs_to']['dataset']) if said['belongs_to'] else {} -%}
    {%- if not said['link'] -%}
        {{ return('any' if columns_with(dataset, 'of', 'partners') and not columns_with(dataset, 'of', 'industries') else 'codes') }}
    {%- elif answers_apart(dataset) -%}
        {{ return('invitation') }}
    {%- elif columns_with(dataset, 'of', 'countries') -%}
        {{ return('row') }}
    {%- elif owner['shape'] == 'contact' -%}
        {{ return('contact') }}
    {%- else -%}
        {{ return('partner' if said['shape'] in ('transaction', 'survey', 'contact', 'event') else 'any') }}
    {%- endif -%}
{%- endmacro %}

{#- Whether rows of other data sets belong to rows of this one, and so name them by their number, or answer them. -#}
{% macro is_named_by_others(dataset) -%}
    {%- set found = [] -%}
    {%- for name, said in landing_contract().items() if said['belongs_to'] -%}
        {%- if said['belongs_to']['dataset'] == dataset or (name == dataset and answers_apart(dataset)) -%}
            {%- do found.append(name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found | length > 0) }}
{%- endmacro %}

{#- The surveys whose rows belong to a row of this shape: those that ask about an order, about a contact. -#}
{% macro surveys_about(shape) -%}
    {%- set found = [] -%}
    {%- for name in datasets_of('survey') -%}
        {%- set owner = landing_contract()[name]['belongs_to'] -%}
        {%- if owner and landing_contract()[owner['dataset']]['shape'] == shape -%}
            {%- do found.append(name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- The data sets whose rows answer, in rows of their own, the invitations of this one. -#}
{% macro answered_by(dataset) -%}
    {%- set found = [] -%}
    {%- for name in surveys_holding('answers') if answers_apart(name) and landing_contract()[name]['belongs_to']['dataset'] == dataset -%}
        {%- do found.append(name) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- The data sets of events about customers, each after the one that its rows belong to. -#}
{% macro customer_events() -%}
    {%- set first = datasets_of('transaction') + datasets_of('contact') -%}
    {%- set last = [] -%}
    {%- for dataset in datasets_of('survey') -%}
        {%- do (last if answers_apart(dataset) else first).append(dataset) -%}
    {%- endfor -%}
    {{ return(first + last) }}
{%- endmacro %}

{#- What the survey programme made of an answer, where the data set says so; of none, columns that are null. -#}
{% macro programme_columns(dataset, relation=none) -%}
    {%- set text = dbt.type_string() -%}
    {%- set columns = [] -%}
    {%- for column in ['programme_status', 'exclusion_reason'] -%}
        {%- set is_there = dataset and column in landing_columns(dataset) -%}
        {%- do columns.append(named(prefixed(column, relation) if is_there else 'cast(null as ' ~ text ~ ')', column)) -%}
    {%- endfor -%}
    {%- for column, type in [('later_score', 'integer'), ('is_answer_replaced', 'boolean')] -%}
        {%- do columns.append(named(prefixed(column, relation) if dataset else 'cast(null as ' ~ type ~ ')', column)) -%}
    {%- endfor -%}
    {{ return(columns | join(', ')) }}
{%- endmacro %}

{#- The column of a kind of identity, or null where rows of this data set do not name it; `customer` is a partner's own
    number of its customer, a loyalty number too. -#}
{% macro identity_or_null(dataset, kind, relation=none) -%}
    {%- set column = customer_column(dataset) if kind == 'customer' else identity_columns(dataset).get(kind) -%}
    {{ return(prefixed(column, relation) if column else 'cast(null as bigint)') }}
{%- endmacro %}

{#- An expression under a name; a column that has that name needs no other. -#}
{% macro named(expression, name) -%}
    {{ return(expression if expression.split('.')[-1] == name else expression ~ ' as ' ~ name) }}
{%- endmacro %}

{% macro prefixed(column, relation) -%}
    {{ return(relation ~ '.' ~ column if relation else column) }}
{%- endmacro %}

{#- The surveys whose answers have no invitation: who was asked is not recorded. -#}
{% macro surveys_without_invitations() -%}
    {%- set found = [] -%}
    {%- for dataset in surveys_holding('answers') -%}
        {%- if 'invitations' not in landing_contract()[dataset]['holds'] and not answers_apart(dataset) -%}
            {%- do found.append(dataset) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- The data sets whose rows name a partner's own customer, and are neither a survey nor a contact. -#}
{% macro datasets_naming_customers() -%}
    {%- set found = [] -%}
    {%- for dataset, said in landing_contract().items() if said['shape'] not in ('survey', 'contact') -%}
        {%- if customer_column(dataset) -%}
            {%- do found.append(dataset) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- The data sets whose rows name an answer of any survey: the survey, the partner that was scored, the answer's number. -#}
{% macro datasets_naming_answers() -%}
    {%- set found = [] -%}
    {%- for dataset in landing_datasets() -%}
        {%- if 'response_no' in landing_columns(dataset) and columns_with(dataset, 'of', 'surveys') -%}
            {%- do found.append(dataset) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- The kind of a transaction: the same for all rows, or by the words of a column. -#}
{% macro transaction_kind(dataset, relation) -%}
    {%- set kind = landing_dataset(dataset)['kind'] -%}
    {%- if kind['word'] -%}
        {{ return("'" ~ kind['word'] ~ "'") }}
    {%- endif -%}
    {{ return(translate_word(relation ~ '.' ~ kind['column'], kind['words'])) }}
{%- endmacro %}

{#- The product of a transaction: that of its unit, the one its row names, or unknown. -#}
{% macro product_of(dataset, relation, units) -%}
    {%- set product = landing_dataset(dataset)['product'] -%}
    {{ return({
        'of_unit': units ~ '.product_code',
        'of_row': relation ~ '.product_code',
    }.get(product, 'cast(null as ' ~ dbt.type_string() ~ ')')) }}
{%- endmacro %}

{#- The links that are scored: no chain has more of them. -#}
{% macro surveyed_links() -%}
    {%- set found = [] -%}
    {%- for said in landing_contract().values() if said['shape'] == 'survey' -%}
        {%- do found.append(said['link']) -%}
    {%- endfor -%}
    {{ return(found | unique | list) }}
{%- endmacro %}

{#- The codes of the surveys that record whom they invite. -#}
{% macro inviting_surveys() -%}
    {%- set found = [] -%}
    {%- for dataset in surveys_holding('invitations') -%}
        {%- do found.append(landing_contract()[dataset]['survey']) -%}
    {%- endfor -%}
    {{ return(found | unique | list) }}
{%- endmacro %}

{#- An amount in euros under its name, or null where the data set has no such amount. -#}
{% macro euros_or_null(dataset, column) -%}
    {{ return(column ~ '_eur' if column in landing_columns(dataset) else 'cast(null as ' ~ euros_type() ~ ') as ' ~ column ~ '_eur') }}
{%- endmacro %}

{#- The margin in euros under its name, or null where the data set does not deliver what a sale cost. -#}
{% macro margin_or_null(dataset, relation=none) -%}
    {%- set has_cost = 'cost' in landing_columns(dataset) -%}
    {{ return(prefixed('margin_eur', relation) if has_cost else 'cast(null as ' ~ euros_type() ~ ') as margin_eur') }}
{%- endmacro %}

{#- What a data set's rows name rows of other data sets by, without being rejected where they find none: the row they belong
    to, the partner's own customers, masters. `own` are the columns of these rows, `other` those of `to` in the same order;
    `number` is the one that must be given, and `of_partner` says that only a partner's own rows can be found. References by
    a serial number are left out, since many units are of makers that deliver none. -#}
{% macro open_references(dataset) -%}
    {%- set said = landing_dataset(dataset) -%}
    {%- set found = [] -%}
    {%- set judged = said['references'] | selectattr('or_reject') | map(attribute='to') | list -%}
    {%- set owner = said['belongs_to'] -%}
    {%- if owner and owner['dataset'] not in judged -%}
        {%- do found.append({'to': owner['dataset'], 'own': owner['by'], 'other': owner['by'], 'of_partner': true}) -%}
    {%- endif -%}
    {%- set customer = customer_column(dataset) -%}
    {%- for party in datasets_of('party') -%}
        {%- set is_of_link = said['link'] == landing_dataset(party)['link'] and said['shape'] != 'party' -%}
        {%- if customer and is_of_link -%}
            {%- set other = ['partner_code', customer_column(party)] -%}
            {%- do found.append({'to': party, 'own': ['partner_code', customer], 'other': other, 'of_partner': true}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for reference in said['references'] if not reference['or_reject'] -%}
        {%- set column = reference['by'][-1] -%}
        {%- if not said['columns'][column]['identity'] -%}
            {%- set of_partner = 'partner_code' in reference['by'] -%}
            {%- do found.append({'to': reference['to'], 'own': reference['by'], 'other': reference['by'], 'of_partner': of_partner}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
