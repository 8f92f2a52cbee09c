{#- Loading what has changed instead of everything.

    The intake says which raw rows went or came since the last load (source `changes`). Every step keeps the rows it made
    before, except those that may come out otherwise now, and makes these anew. "May" errs on the side of too many. A
    build of changes starts from the working database of a whole, successful build with the same code, and only where
    nothing changed that all rows are judged by (`python -m nps_chain build` sees to both). -#}

{#- Whether this build loads changes; otherwise it makes everything anew. -#}
{% macro loads_changes() -%}
    {{ return(env_var('NPS_LOAD', 'all') == 'changes') }}
{%- endmacro %}

{#- The materialisation of a model that can load changes: of events and facts, and of a base model whose data set does. -#}
{% macro load_materialization(dataset=none) -%}
    {%- set can_load = dataset is none or landing_dataset(dataset)['load'] == 'changes' -%}
    {{ return('incremental' if loads_changes() and can_load else 'table') }}
{%- endmacro %}

{#- The configuration of a base model: how it is made, and that touched rows are dropped before. -#}
{% macro load_config(dataset) -%}
    {{ return({
        'materialized': load_materialization(dataset),
        'pre_hook': "{{ forget_touched_rows('" ~ dataset ~ "') }}",
    }) }}
{%- endmacro %}

{#- The raw rows that a base model reads. -#}
{% macro raw_rows(dataset) -%}
    select * from {{ source('raw', dataset) }}
    {%- if loads_changes() and landing_dataset(dataset)['load'] == 'changes' %} as raw_rows
    where {{ is_touched_row(dataset, row_key('raw_rows')) }}
    {%- endif %}
{%- endmacro %}

{#- Pre-hook of a base model: drop the rows that are made anew, and those that went. -#}
{% macro forget_touched_rows(dataset) -%}
    {%- if loads_changes() and landing_dataset(dataset)['load'] == 'changes' -%}
        delete from {{ this }} where {{ is_touched_row(dataset, 'row_key') }}
    {%- endif -%}
{%- endmacro %}

{#- A row of the data set that went or came, shares its key with one that did, or is judged by one that did: by a row that
    a reference of the contract looks up, if it is loaded by changes too. -#}
{% macro is_touched_row(dataset, key_of_row) -%}
    {%- set said = landing_dataset(dataset) -%}
    {%- set key = said['key'] | join(', ') -%}
    (
        {{ key_of_row }} in (select {{ row_key('changed') }} from {{ source('changes', dataset) }} as changed)
        or ({{ key }}) in ({{ changed_keys(dataset, said['key']) }})
        {%- for reference in said['references'] if landing_dataset(reference['to'])['load'] == 'changes' %}
        or ({{ key }}) in (
            select {{ key }} from {{ source('raw', dataset) }}
            where
                {{ all_given(said['key']) }}
                and ({{ reference['by'] | join(', ') }}) in ({{ changed_keys(reference['to'], reference['by']) }})
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

{#- A row that re-scores an answer, or that such a row names: which of them is the first may change with any of them. They
    are few, and all of them are made anew. -#}
{% macro is_rescoring_row(dataset) -%}
    (
        rescores is not null
        {%- for relation in [ref('base_' ~ dataset), source('changes', dataset)] %}
        or (partner_code, {{ number_column(dataset) }}) in (
            select
                partner_code,
                rescores
            from {{ relation }}
            where rescores is not null
        )
        {%- endfor %}
    )
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
