{{ config(**load_config('shop__receipts')) }}

with {{ parsed_rows('shop__receipts') }},

{{ matched_rows('shop__receipts') }},

{{ judged_rows('shop__receipts', after={
    'revenue': return_sign_rules('shop__receipts', 'revenue'),
    'cost': return_sign_rules('shop__receipts', 'cost'),
}) }}

select * from final
