{#- Loading what has changed instead of everything.

    The intake says which raw rows went or came since the last load (source `changes`). Every step keeps the rows it made
    before, except those that may come out otherwise now, and makes these anew. "May" errs on the side of too many. A
    build of changes starts from the working database of a whole, successful build with the same code, and only where
    nothing changed that all rows are judged by (`python -m nps_chain build` sees to both). -#}

{#- Whether this build loads changes; otherwise it makes everything anew. -#}
{% macro loads_changes() -%}
    {{ return(env_var('NPS_LOAD', 'all') == 'changes') }}
{%- endmacro %}

{#- The materialisation of a model that can load changes. -#}
{% macro load_materialization() -%}
    {{ return('incremental' if loads_changes() else 'table') }}
{%- endmacro %}

{#- The data sets whose rows are loaded by changes: the key by which rows are repeated, and the data sets whose rows they
    are judged by, with the columns that lead there. All other data sets are small and made anew. -#}
{% macro incremental_datasets() -%}
    {{ return({
        'manufacturer__units_built': {'key': ['serial_hash'], 'judged_by': {}},
        'manufacturer__warranty_claims': {
            'key': ['partner_code', 'claim_id'],
            'judged_by': {'manufacturer__units_built': ['serial_hash']},
        },
        'manufacturer__survey_invitations': {'key': ['partner_code', 'invitation_id'], 'judged_by': {}},
        'manufacturer__survey_answers': {
            'key': ['partner_code', 'invitation_id'],
            'judged_by': {'manufacturer__survey_invitations': ['partner_code', 'invitation_id']},
        },
        'importer__shipments': {'key': ['partner_code', 'shipment_no'], 'judged_by': {}},
        'importer__ownership_survey': {'key': ['partner_code', 'invitation_no'], 'judged_by': {}},
        'dealer__customers': {'key': ['partner_code', 'customer_hash'], 'judged_by': {}},
        'dealer__sales_orders': {
            'key': ['partner_code', 'order_no'],
            'judged_by': {'manufacturer__units_built': ['serial_hash']},
        },
        'dealer__service_orders': {
            'key': ['partner_code', 'order_no'],
            'judged_by': {'manufacturer__units_built': ['serial_hash']},
        },
        'dealer__post_sale_survey': {'key': ['partner_code', 'invitation_no'], 'judged_by': {}},
        'dealer__post_service_survey': {'key': ['partner_code', 'invitation_no'], 'judged_by': {}},
        'shop__customers': {'key': ['partner_code', 'loyalty_hash'], 'judged_by': {}},
        'shop__receipts': {'key': ['partner_code', 'receipt_no'], 'judged_by': {}},
        'shop__survey': {'key': ['partner_code', 'answer_no'], 'judged_by': {}},
        'contact_centre__contacts': {'key': ['partner_code', 'contact_id'], 'judged_by': {}},
        'contact_centre__surveys': {
            'key': ['partner_code', 'survey_id'],
            'judged_by': {'contact_centre__contacts': ['partner_code', 'contact_id']},
        },
    }) }}
{%- endmacro %}

{#- The raw rows that a base model reads. -#}
{% macro raw_rows(dataset) -%}
    select * from {{ source('raw', dataset) }}
    {%- if loads_changes() %} as raw_rows
    where {{ is_touched_row(dataset, row_key('raw_rows')) }}
    {%- endif %}
{%- endmacro %}

{#- Pre-hook of a base model: drop the rows that are made anew, and those that went. -#}
{% macro forget_touched_rows(dataset) -%}
    {%- if loads_changes() -%}
        delete from {{ this }} where {{ is_touched_row(dataset, 'row_key') }}
    {%- endif -%}
{%- endmacro %}

{#- A row of the data set that went or came, shares its key with one that did, or is judged by one that did. -#}
{% macro is_touched_row(dataset, key_of_row) -%}
    {%- set properties = incremental_datasets()[dataset] -%}
    {%- set key = properties['key'] | join(', ') -%}
    (
        {{ key_of_row }} in (select {{ row_key('changed') }} from {{ source('changes', dataset) }} as changed)
        or ({{ key }}) in ({{ changed_keys(dataset, properties['key']) }})
        {%- for other, columns in properties['judged_by'].items() %}
        or ({{ key }}) in (
            select {{ key }} from {{ source('raw', dataset) }}
            where
                {{ all_given(properties['key']) }}
                and ({{ columns | join(', ') }}) in ({{ changed_keys(other, columns) }})
        )
        {%- endfor %}
    )
{%- endmacro %}

{#- The keys, none of their columns null, of the rows that went or came. -#}
{% macro changed_keys(dataset, columns) -%}
    select {{ columns | join(', ') }} from {{ source('changes', dataset) }} where {{ all_given(columns) }}
{%- endmacro %}

{% macro all_given(columns) -%}
    {{ columns | join(' is not null and ') }} is not null
{%- endmacro %}

{#- A condition that only holds in a build that loads changes: elsewhere nothing is touched. -#}
{% macro touched_where(condition) -%}
    {{ loads_changes() | lower }} and ({{ condition }})
{%- endmacro %}

{#- Pre-hook of a model whose rows of the last load are compared with the new ones: keep them aside. -#}
{% macro keep_before() -%}
    {%- if loads_changes() -%}
        create or replace table before.{{ this.identifier }} as select * from {{ this }}
    {%- endif -%}
{%- endmacro %}

{#- Condition on the key of an event: the event is made anew. True of all where everything is. -#}
{% macro is_touched_event(key) -%}
    {%- if loads_changes() -%}
        {{ key }} in (select row_key from {{ ref('int_touched_event') }})
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#- Condition on a fact: its event is made anew, or the as-of day or its chain's links have changed since. -#}
{% macro is_touched_fact(key, day, chain_key) -%}
    {%- if loads_changes() -%}
        (
            {{ is_touched_event(key) }}
            or {{ day }} > (select touched_after from {{ ref('int_touched_period') }})
            or {{ chain_key }} in (select chain_key from {{ ref('int_touched_chain') }})
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#- Pre-hooks of models of events and of facts. -#}
{% macro forget_touched_events(key) -%}
    {%- if loads_changes() -%}
        delete from {{ this }} where {{ is_touched_event(key) }}
    {%- endif -%}
{%- endmacro %}

{% macro forget_touched_facts(key, day) -%}
    {%- if loads_changes() -%}
        delete from {{ this }} where {{ is_touched_fact(key, day, 'chain_key') }}
    {%- endif -%}
{%- endmacro %}
