{#- All that the bootstrap needs, added up per bucket of customers, so that its cost doesn't grow with the data; and
    once more by what holds the customers' records together. -#}
{%- set categories = ['promoter', 'passive', 'detractor'] -%}
with

linkings as (

    select * from {{ ref('int_customer_linking') }}

),

margins as (

    select * from {{ ref('int_retained_margin') }}

),

outcomes as (

    select
        outcomes.*,
        margins.margin_eur,
        coalesce(linkings.held_by, 'number') as held_by
    from {{ ref('int_response_outcome') }} as outcomes
    left join margins on outcomes.response_key = margins.response_key
    left join linkings on outcomes.customer_key = linkings.customer_key

),

exposures as (

    select
        *,
        count(*) over (partition by chain_key, customer_key) as links_met
    from {{ ref('int_link_exposure') }}

),

customer_chains as (

    select * from {{ ref('int_customer_chain') }}

),

tenure_bands as (

    select * from {{ ref('tenure_bands') }}

),

scored as (

    select
        chain_link_key,
        tenure_band_key,
        segment,
        cast(customer_key % {{ var('bootstrap_buckets') }} as integer) as customer_bucket,
        held_by,
        cast(0 as bigint) as exposed,
        cast(0 as bigint) as exposed_once_e9,
        count(margin_eur) as retained_with_margin,
        coalesce(sum(margin_eur), 0) as margin_eur,
        {%- for category in categories %}
            sum(case when nps_category = '{{ category }}' then 1 else 0 end) as {{ category }}s,
            sum(case when nps_category = '{{ category }}' and is_trailing then 1 else 0 end)
                as trailing_{{ category }}s,
            -- billionths, so that sums are exact in any order
            sum(case when nps_category = '{{ category }}' then cast(round(retained * 1e9) as bigint) else 0 end)
                as retained_{{ category }}s_e9{% if not loop.last %},{% endif %}
        {%- endfor %}
    from outcomes
    group by chain_link_key, tenure_band_key, segment, customer_key % {{ var('bootstrap_buckets') }}, held_by

),

met as (

    select
        exposures.chain_link_key,
        tenure_bands.tenure_band_key,
        customer_chains.segment,
        cast(exposures.customer_key % {{ var('bootstrap_buckets') }} as integer) as customer_bucket,
        coalesce(linkings.held_by, 'number') as held_by,
        count(*) as exposed,
        -- a customer who met several links counts once over all of them
        sum(cast(round(1e9 / exposures.links_met) as bigint)) as exposed_once_e9,
        cast(0 as bigint) as retained_with_margin,
        cast(0 as {{ euros_sum_type() }}) as margin_eur,
        {%- for category in categories %}
            cast(0 as bigint) as {{ category }}s,
            cast(0 as bigint) as trailing_{{ category }}s,
            cast(0 as bigint) as retained_{{ category }}s_e9{% if not loop.last %},{% endif %}
        {%- endfor %}
    from exposures
    inner join customer_chains
        on exposures.customer_key = customer_chains.customer_key and exposures.chain_key = customer_chains.chain_key
    inner join tenure_bands
        on
            -- as of the meeting, like an answer as of the answer; met before the first sign of life on file: new
            greatest(0, {{ days_between('customer_chains.first_on', 'exposures.last_met_on') }})
            between tenure_bands.from_days and tenure_bands.to_days
    left join linkings on exposures.customer_key = linkings.customer_key
    group by
        exposures.chain_link_key,
        tenure_bands.tenure_band_key,
        customer_chains.segment,
        exposures.customer_key % {{ var('bootstrap_buckets') }},
        linkings.held_by

),

unioned as (

    select * from scored
    union all
    select * from met

)

select
    chain_link_key,
    tenure_band_key,
    segment,
    {{ bucket_or_linking() }} as bucket,
    cast(sum(exposed) as bigint) as exposed,
    cast(sum(exposed_once_e9) as bigint) as exposed_once_e9,
    cast(sum(retained_with_margin) as bigint) as retained_with_margin,
    cast(sum(margin_eur) as {{ euros_sum_type() }}) as margin_eur,
    {%- for category in categories %}
        cast(sum({{ category }}s) as bigint) as {{ category }}s,
        cast(sum(trailing_{{ category }}s) as bigint) as trailing_{{ category }}s,
        cast(sum(retained_{{ category }}s_e9) as bigint) as retained_{{ category }}s_e9{% if not loop.last %},
        {% endif %}
    {%- endfor %}
from unioned
-- grouping sets: unknown to the linter's DuckDB
group by
    grouping sets ( -- noqa: PRS, LT02
        (chain_link_key, tenure_band_key, segment, customer_bucket),
        (chain_link_key, tenure_band_key, segment, held_by)
    )
having {{ bucket_or_linking() }} is not null
-- the buckets of a stratum together: the bootstrap sums them in half the time
order by chain_link_key, tenure_band_key, segment
