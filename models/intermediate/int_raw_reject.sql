{%- set datasets = [
    'chain__partners', 'chain__programme_costs', 'chain__follow_ups', 'chain__acquisition_reasons',
    'chain__benchmarks', 'chain__exchange_rates', 'chain__erasure_requests',
    'manufacturer__products', 'manufacturer__units_built', 'manufacturer__warranty_claims',
    'manufacturer__survey_invitations', 'manufacturer__survey_answers',
    'importer__dealer_network', 'importer__shipments', 'importer__ownership_survey',
    'dealer__customers', 'dealer__sales_orders', 'dealer__service_orders',
    'dealer__post_sale_survey', 'dealer__post_service_survey',
    'shop__customers', 'shop__receipts', 'shop__survey',
    'contact_centre__contacts', 'contact_centre__surveys',
] -%}
{%- set datasets_with_answers = [
    'importer__ownership_survey', 'dealer__post_sale_survey', 'dealer__post_service_survey', 'contact_centre__surveys',
] -%}

with

raw_files as (

    select * from {{ source('raw', 'raw_files') }}

),

raw_rejects as (

    select * from {{ source('raw', 'raw_rejects') }}

),

intake_rejects as (

    select
        {{ row_key('raw_rejects') }} as row_key,
        raw_rejects.file_id,
        raw_rejects.line_number,
        raw_files.dataset,
        'row' as scope,
        raw_rejects.reason
    from raw_rejects
    inner join raw_files on raw_rejects.file_id = raw_files.file_id

),

base_rejects as (

    {%- for dataset in datasets %}
    {%- if not loop.first %}

    union all
    {%- endif %}

    select
        row_key,
        file_id,
        line_number,
        '{{ dataset }}' as dataset,
        'row' as scope,
        reject_reason as reason
    from {{ ref('base_' ~ dataset) }}
    where reject_reason is not null
    {%- endfor %}

),

answer_rejects as (

    {%- for dataset in datasets_with_answers %}
    {%- if not loop.first %}

    union all
    {%- endif %}

    select
        row_key,
        file_id,
        line_number,
        '{{ dataset }}' as dataset,
        'answer' as scope,
        answer_reject_reason as reason
    from {{ ref('base_' ~ dataset) }}
    where answer_reject_reason is not null
    {%- endfor %}

),

all_rejects as (

    select * from intake_rejects
    union all
    select * from base_rejects
    union all
    select * from answer_rejects

)

select
    row_key,
    file_id,
    line_number,
    dataset,
    scope,
    split_part(reason, ':', 1) as reason_code,
    nullif(split_part(reason, ':', 2), '') as column_name
from all_rejects
