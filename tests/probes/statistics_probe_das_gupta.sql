-- Das Gupta's decomposition of products of two to five factors: for tests/statistics/test_change.py.
select
    product,
    {{ das_gupta_effect(['a', 'b'], 'a') }} as effect_2_a,
    {{ das_gupta_effect(['a', 'b'], 'b') }} as effect_2_b,
    {{ das_gupta_effect(['a', 'b', 'c'], 'a') }} as effect_3_a,
    {{ das_gupta_effect(['a', 'b', 'c'], 'b') }} as effect_3_b,
    {{ das_gupta_effect(['a', 'b', 'c'], 'c') }} as effect_3_c,
    {{ das_gupta_effect(['a', 'b', 'c', 'd'], 'a') }} as effect_4_a,
    {{ das_gupta_effect(['a', 'b', 'c', 'd'], 'b') }} as effect_4_b,
    {{ das_gupta_effect(['a', 'b', 'c', 'd'], 'c') }} as effect_4_c,
    {{ das_gupta_effect(['a', 'b', 'c', 'd'], 'd') }} as effect_4_d,
    {{ das_gupta_effect(['a', 'b', 'c', 'd', 'e'], 'a') }} as effect_5_a,
    {{ das_gupta_effect(['a', 'b', 'c', 'd', 'e'], 'b') }} as effect_5_b,
    {{ das_gupta_effect(['a', 'b', 'c', 'd', 'e'], 'c') }} as effect_5_c,
    {{ das_gupta_effect(['a', 'b', 'c', 'd', 'e'], 'd') }} as effect_5_d,
    {{ das_gupta_effect(['a', 'b', 'c', 'd', 'e'], 'e') }} as effect_5_e
from probe_products
