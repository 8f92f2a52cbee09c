{{ config(**load_config('dealer__sales_orders')) }}

with {{ parsed_rows('dealer__sales_orders') }},

{{ matched_rows('dealer__sales_orders') }},

{{ judged_rows('dealer__sales_orders', rules=[
    ['transaction_before_built:delivered_on', 'delivered_on < built_on'],
]) }}

select * from final
