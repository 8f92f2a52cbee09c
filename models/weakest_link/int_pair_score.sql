{#- Scores of one customer at two links of a chain, and what became of the customer. Added up per stratum and bucket of
    customers, as in int_joint_pair, in either order of asking: two bad experiences compound whichever was asked about
    first. -#}
with

pairs as (

    select
        *,
        -- 2 for a detractor, 1 for a passive, 0 for a promoter
        1 - standing as lowness,
        1 - earlier_standing as earlier_lowness
    from {{ ref('int_scored_pair') }}

),

paired as (

    select
        *,
        least(chain_link_key, earlier_link_key) as link_key_a,
        greatest(chain_link_key, earlier_link_key) as link_key_b,
        case when chain_link_key < earlier_link_key then lowness else earlier_lowness end as low_a,
        case when chain_link_key < earlier_link_key then earlier_lowness else lowness end as low_b
    from pairs

)

select
    link_key_a,
    link_key_b,
    tenure_band_key,
    segment,
    {{ bucket_or_linking() }} as bucket,
    count(*) as pairs,
    {%- for name, product in pair_products().items() %}
        cast(sum({{ product }}) as bigint) as {{ name }}{% if not loop.last %},{% endif %}
    {%- endfor %}
from paired
-- grouping sets: unknown to the linter's DuckDB
group by
    grouping sets ( -- noqa: PRS, LT02
        (link_key_a, link_key_b, tenure_band_key, segment, customer_bucket),
        (link_key_a, link_key_b, tenure_band_key, segment, held_by)
    )
having {{ bucket_or_linking() }} is not null
-- the buckets of a stratum together: the bootstrap sums them in half the time
order by link_key_a, link_key_b, tenure_band_key, segment
