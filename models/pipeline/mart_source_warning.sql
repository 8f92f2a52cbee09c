{#- The models that find warnings, all with the same columns. One more is a line here and its codes in the seed. Where
    two give one code to a file, the words of the one that stands first are taken. -#}
{%- set found_by = [
    'int_scale_warning',
    'int_month_first_warning',
    'int_delivery_warning',
    'int_answer_warning',
    'int_identity_warning',
    'int_erasure_warning',
    'int_parent_warning',
    'int_repeat_warning',
    'int_shared_number_warning',
    'int_reference_warning',
    'int_reject_warning',
] -%}
with

kinds as (

    select * from {{ ref('source_warnings') }}

),

{% for model in found_by -%}
    {{ model }}_rows as (

        select
            {{ loop.index }} as model_number,
            warning_code,
            dataset,
            partner_code,
            file_path,
            rows_affected,
            rows_total,
            sentence
        from {{ ref(model) }}

    ),

{% endfor -%}

found as (

    {% for model in found_by -%}
        select * from {{ model }}_rows
        {% if not loop.last %}
            union all

        {% endif -%}
    {% endfor %}

),

measured as (

    select
        found.*,
        kinds.severity,
        kinds.warning_name,
        cast(found.rows_affected as double) / nullif(found.rows_total, 0) as affected_share
    from found
    inner join kinds on found.warning_code = kinds.warning_code
    qualify rank() over (
        partition by found.warning_code, found.dataset, found.partner_code, found.file_path
        order by found.model_number
    ) = 1

)

select
    cast(row_number() over (
        order by
            severity asc,
            coalesce(affected_share, 1) desc,
            rows_affected desc,
            warning_code asc,
            coalesce(file_path, '') asc,
            coalesce(dataset, '') asc,
            coalesce(partner_code, '') asc,
            sentence asc
    ) as int) as warning_rank,
    severity,
    warning_code,
    warning_name,
    dataset,
    partner_code,
    file_path,
    rows_affected,
    rows_total,
    affected_share,
    sentence
from measured
