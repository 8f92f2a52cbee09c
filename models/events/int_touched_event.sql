{#- Keys of events that may come out otherwise than in the last load: their row is touched, or who they belong to, or
    the row that they are about. What an event hangs on follows from the contract: identities, unit, `belongs_to`. -#}
{%- set in_rows = 'row_key in (select row_key from touched_rows)' -%}
with

touched_rows as (

    select * from {{ ref('int_touched_row') }}

),

touched_nodes as (

    select * from {{ ref('int_touched_node') }}

),

touched_serials as (

    select * from {{ ref('int_touched_serial') }}

),

taken_back as (

    select * from {{ ref('int_taken_back') }}

),

-- a credit note that came or went touches what it takes back
taken_back_otherwise as (

    {% if loads_changes() -%}
        select coalesce(taken_back.row_key, taken_back_before.row_key) as row_key
        from taken_back
        full outer join {{ source('before', 'int_taken_back') }} as taken_back_before
            on taken_back.row_key = taken_back_before.row_key
        where
            taken_back.standing is distinct from taken_back_before.standing
            or taken_back.purchase_key is distinct from taken_back_before.purchase_key
            or taken_back.revenue_eur is distinct from taken_back_before.revenue_eur
            or taken_back.margin_eur is distinct from taken_back_before.margin_eur
    {%- else -%}
        select row_key
        from taken_back
        where false
    {%- endif %}

),

{% for dataset in customer_events() -%}
    {%- set said = landing_dataset(dataset) -%}
    {%- set conditions = [in_rows] -%}
    {%- for kind, column in identity_columns(dataset).items() -%}
        {%- if kind != 'serial' -%}
            {%- do conditions.append(column ~ ' in (select node_key from touched_nodes)') -%}
        {%- elif said['shape'] != 'transaction' or said['product'] == 'of_unit' -%}
            {%- do conditions.append(column ~ ' in (select serial_hash from touched_serials)') -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if said['belongs_to'] -%}
        {%- set owner = said['belongs_to']['dataset'] -%}
        {%- do conditions.append(
            '(' ~ said['belongs_to']['by'] | join(', ') ~ ') in ('
            ~ 'select partner_code, row_no from ' ~ owner ~ '_numbers)'
        ) -%}
    {%- endif -%}
    {%- for answers in answered_by(dataset) -%}
        {%- do conditions.append(
            '(partner_code, ' ~ number_column(dataset) ~ ') in ('
            ~ "select partner_code, row_no from touched_rows where dataset = '" ~ answers ~ "')"
        ) -%}
    {%- endfor %}
    {{ dataset }}_rows as (

        select
            row_key,
            partner_code,
            {{ number_column(dataset) }} as row_no
        from {{ ref('stg_' ~ dataset) }}
        where {{ touched_where(conditions | join('\n            or ')) }}

    ),

    {% if is_named_by_others(dataset) -%}
        -- one that went, or that is refused now, has left staging
        {{ dataset }}_numbers as (

            select
                partner_code,
                row_no
            from {{ dataset }}_rows
            union all
            select
                partner_code,
                row_no
            from touched_rows
            where dataset = '{{ dataset }}' and partner_code is not null and row_no is not null

        ),

    {% endif -%}
{%- endfor -%}

unioned as (

    select row_key from touched_rows
    union all
    select row_key from taken_back_otherwise
    {% for dataset in customer_events() -%}
        union all
        select row_key from {{ dataset }}_rows
    {% endfor %}

)

select distinct row_key
from unioned
