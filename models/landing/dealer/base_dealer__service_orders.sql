{{ config(**load_config('dealer__service_orders')) }}

with {{ parsed_rows('dealer__service_orders') }},

{{ matched_rows('dealer__service_orders') }},

{{ judged_rows('dealer__service_orders', rules=[
    ['transaction_before_built:completed_on', 'completed_on < built_on'],
]) }}

select * from final
