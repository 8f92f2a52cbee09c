{#- Linkings that are stricter than ours, by which the estimate is made again: among customers whose records hold together
    by these identities (int_customer_linking). Each is a replicate of its own below 0; the bootstrap's are above 0. -#}
{% macro stricter_linkings() -%}
    {{ return([
        {'name': 'by_numbers', 'replicate': -1, 'held_by': ['number'], 'words': 'by numbers alone'},
        {'name': 'without_phones', 'replicate': -2, 'held_by': ['number', 'email'], 'words': 'without phone numbers'},
    ]) }}
{%- endmacro %}


{#- The buckets in which customers are counted a second time, by what holds their records together. They follow the
    bootstrap's, and no bootstrap replicate draws them. -#}
{% macro linking_buckets() -%}
    {{ return({'number': var('bootstrap_buckets'), 'email': var('bootstrap_buckets') + 1}) }}
{%- endmacro %}


{#- The bucket of a row that is grouped either by `customer_bucket` or by `held_by`; null for who needs a phone. -#}
{% macro bucket_or_linking() -%}
    case
        when customer_bucket is not null then customer_bucket
        {%- for held_by, bucket in linking_buckets().items() %}
        when held_by = '{{ held_by }}' then {{ bucket }}
        {%- endfor %}
    end
{%- endmacro %}
