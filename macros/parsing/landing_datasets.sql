{#- The data sets of contract/landing.yml, in the contract's order; each has a model base_<data set>. -#}
{% macro landing_datasets() -%}
    {{ return([
        'chain__partners',
        'chain__programme_costs',
        'chain__follow_ups',
        'chain__acquisition_reasons',
        'chain__benchmarks',
        'chain__exchange_rates',
        'chain__erasure_requests',
        'manufacturer__products',
        'manufacturer__units_built',
        'manufacturer__warranty_claims',
        'manufacturer__survey_invitations',
        'manufacturer__survey_answers',
        'importer__dealer_network',
        'importer__shipments',
        'importer__ownership_survey',
        'dealer__customers',
        'dealer__sales_orders',
        'dealer__service_orders',
        'dealer__post_sale_survey',
        'dealer__post_service_survey',
        'shop__customers',
        'shop__receipts',
        'shop__survey',
        'contact_centre__contacts',
        'contact_centre__surveys',
    ]) }}
{%- endmacro %}

{#- Those where a row is an invitation with its answer, so that the answer alone can be rejected. -#}
{% macro datasets_with_answers() -%}
    {{ return([
        'importer__ownership_survey',
        'dealer__post_sale_survey',
        'dealer__post_service_survey',
        'contact_centre__surveys',
    ]) }}
{%- endmacro %}
