{#- Retention per category and revenue at risk per bootstrap replicate; replicate 0 is the estimate. Strata and
    borrowing are those of int_link_replicate. -#}
{%- set categories = ['promoter', 'passive', 'detractor'] -%}
with

link_strata as (

    select * from {{ ref('int_link_stratum_replicate') }}
    where replicate >= 0

),

detractor_margins as (

    select * from {{ ref('int_detractor_margin') }}

),

weights as (

    select * from {{ ref('int_bootstrap_weight') }}

),

drawn_margins as (

    select
        detractor_margins.chain_link_key,
        detractor_margins.tenure_band_key,
        detractor_margins.segment,
        weights.replicate,
        sum(weights.weight * detractor_margins.detractor_margin_eur) as detractor_margin_eur
    from detractor_margins
    inner join weights on detractor_margins.bucket = weights.bucket
    group by
        detractor_margins.chain_link_key,
        detractor_margins.tenure_band_key,
        detractor_margins.segment,
        weights.replicate

),

strata as (

    select
        link_strata.*,
        -- null: no customer who is a detractor in the stratum was drawn
        coalesce(drawn_margins.detractor_margin_eur, 0) as detractor_margin_eur
    from link_strata
    left join drawn_margins
        on
            link_strata.chain_link_key = drawn_margins.chain_link_key
            and link_strata.tenure_band_key = drawn_margins.tenure_band_key
            and link_strata.segment = drawn_margins.segment
            and link_strata.replicate = drawn_margins.replicate

),

links as (

    select
        chain_link_key,
        replicate,
        {%- for category in categories %}
            sum(retained_{{ category }}s_e9) as retained_{{ category }}s_e9,
            sum({{ category }}s) as {{ category }}s{% if not loop.last %},{% endif %}
        {%- endfor %}
    from strata
    group by chain_link_key, replicate

),

strata_that_stand_alone as (

    select
        chain_link_key,
        tenure_band_key,
        segment,
        {%- for category in categories %}
            {{ category }}s >= {{ var('min_responses_stratum') }}
                as has_{{ category }}s{% if not loop.last %},{% endif %}
        {%- endfor %}
    from strata
    where replicate = 0

),

retentions as (

    select
        strata.chain_link_key,
        strata.replicate,
        strata.exposed,
        cast(strata.detractor_margin_eur as double) as detractor_margin_eur,
        {%- for category in categories %}
            {{ stratum_retention(category) }} as {{ category }}_retention{% if not loop.last %},{% endif %}
        {%- endfor %}
    from strata
    inner join strata_that_stand_alone
        on
            strata.chain_link_key = strata_that_stand_alone.chain_link_key
            and strata.tenure_band_key = strata_that_stand_alone.tenure_band_key
            and strata.segment = strata_that_stand_alone.segment
    inner join links
        on strata.chain_link_key = links.chain_link_key and strata.replicate = links.replicate

)

select
    chain_link_key,
    replicate,
    {%- for category in categories %}
        {{ stable_sum('exposed * ' ~ category ~ '_retention', 9) }} / nullif(cast(sum(exposed) as double), 0)
            as {{ category }}_retention,
    {%- endfor %}
    {{ stable_sum('detractor_margin_eur * promoter_retention', 9) }} as margin_kept_as_promoters_eur,
    {{ stable_sum('detractor_margin_eur * detractor_retention', 9) }} as margin_kept_as_detractors_eur,
    -- null where a category's retention is
    {{ bounded(
        stable_sum('detractor_margin_eur * (promoter_retention - detractor_retention)', 9), low=0
    ) }} as revenue_at_risk_eur
from retentions
group by chain_link_key, replicate
