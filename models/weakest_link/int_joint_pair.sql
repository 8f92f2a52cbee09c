{#- Two links' scores of one customer and what became of the customer: an anchor, and the latest score of another link
    at or before it. A later score is no control: whoever gave it had stayed until then. Added up
    per stratum and bucket of customers, so that the bootstrap's cost doesn't grow with the data; and once more by what
    holds the customers' records together. -#}
with

paired as (

    select
        *,
        earlier_link_key as control_link_key,
        case standing when -1 then 'detractor' when 0 then 'passive' else 'promoter' end as nps_category
    from {{ ref('int_scored_pair') }}

)

select
    chain_link_key,
    control_link_key,
    tenure_band_key,
    segment,
    {{ bucket_or_linking() }} as bucket,
    count(*) as pairs,
    {%- for category in ['detractor', 'passive'] %}
        cast(sum(case when nps_category = '{{ category }}' then 1 else 0 end) as bigint) as {{ category }}s,
        cast(sum(case when nps_category = '{{ category }}' then earlier_standing else 0 end) as bigint)
            as standing_of_{{ category }}s,
    {%- endfor %}
    cast(sum(earlier_standing) as bigint) as standing,
    cast(sum(earlier_standing * earlier_standing) as bigint) as standing_squares,
    cast(sum(retained_e9) as bigint) as retained_e9,
    cast(sum(earlier_standing * retained_e9) as bigint) as standing_retained_e9
from paired
-- grouping sets: unknown to the linter's DuckDB
group by
    grouping sets ( -- noqa: PRS, LT02
        (chain_link_key, control_link_key, tenure_band_key, segment, customer_bucket),
        (chain_link_key, control_link_key, tenure_band_key, segment, held_by)
    )
having {{ bucket_or_linking() }} is not null
-- the buckets of a stratum together: the bootstrap sums them in half the time
order by chain_link_key, control_link_key, tenure_band_key, segment
