{#- What staging accepted, per file: counted on the accepted rows themselves, so that a test can hold it against the
    quarantine and the rows read. -#}
{%- set datasets = [
    ('chain__partners', 'valid_from'),
    ('chain__programme_costs', 'month'),
    ('chain__follow_ups', 'opened_on'),
    ('chain__acquisition_reasons', 'acquired_on'),
    ('chain__benchmarks', none),
    ('chain__exchange_rates', 'month'),
    ('chain__erasure_requests', 'requested_on'),
    ('manufacturer__products', 'launched_on'),
    ('manufacturer__units_built', 'built_on'),
    ('manufacturer__warranty_claims', 'claimed_on'),
    ('manufacturer__survey_invitations', 'sent_on'),
    ('manufacturer__survey_answers', 'answered_on'),
    ('importer__dealer_network', 'snapshot_on'),
    ('importer__shipments', 'shipped_on'),
    ('importer__ownership_survey', 'sent_on'),
    ('dealer__customers', 'customer_since'),
    ('dealer__sales_orders', 'delivered_on'),
    ('dealer__service_orders', 'completed_on'),
    ('dealer__post_sale_survey', 'sent_on'),
    ('dealer__post_service_survey', 'sent_on'),
    ('shop__customers', 'customer_since'),
    ('shop__receipts', 'purchased_on'),
    ('shop__survey', 'answered_on'),
    ('contact_centre__contacts', 'opened_on'),
    ('contact_centre__surveys', 'sent_on'),
] -%}
with

{% for dataset, day in datasets -%}
    {{ dataset }} as (

        select
            file_id,
            {{ day if day else 'cast(null as date)' }} as dated_on
        from {{ ref('stg_' ~ dataset) }}

    ){% if not loop.last %},{% endif %}

{% endfor -%}

{% for dataset, day in datasets -%}
    select
        file_id,
        count(*) as rows_staged,
        max(dated_on) as freshest_on
    from {{ dataset }}
    group by file_id
    {% if not loop.last %}
        union all

    {% endif -%}
{% endfor %}
