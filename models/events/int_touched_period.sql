with

period as (

    select * from {{ ref('int_period') }}

)

{% if loads_changes() -%}
    ,

    period_before as (

        select * from {{ source('before', 'int_period') }}

    )

    select least(period.as_of_on, period_before.as_of_on) as touched_after
    from period
    cross join period_before
{%- else -%}
    select as_of_on as touched_after
    from period
{%- endif %}
