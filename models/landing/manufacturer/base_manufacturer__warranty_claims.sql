{{ config(**load_config('manufacturer__warranty_claims')) }}

with {{ parsed_rows('manufacturer__warranty_claims') }},

{{ matched_rows('manufacturer__warranty_claims') }},

{{ judged_rows('manufacturer__warranty_claims', rules=[
    ['transaction_before_built:claimed_on', 'claimed_on < built_on'],
]) }}

select * from final
