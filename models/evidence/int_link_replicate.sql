{#- Value at stake per bootstrap replicate (methods.md section 5, point 4), links one by one. Replicate 0 is the
    estimate. A stratum with too few respondents of a category borrows the link's own figure over all strata; which strata do is
    decided once, on the estimate, so that replicates differ by their customers only. -#}
{%- set categories = ['promoter', 'passive', 'detractor'] -%}
with

strata as (

    select * from {{ ref('int_link_stratum_replicate') }}

),

links as (

    select
        chain_link_key,
        replicate,
        sum(exposed) as exposed,
        sum(retained_with_margin) as retained_with_margin,
        sum(margin_eur) as margin_eur,
        {%- for category in categories %}
            sum({{ category }}s) as {{ category }}s,
            sum(trailing_{{ category }}s) as trailing_{{ category }}s,
            sum(retained_{{ category }}s_e9) as retained_{{ category }}s_e9{% if not loop.last %},{% endif %}
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
            {{ category }}s >= {{ var('min_responses_stratum') }} as has_{{ category }}s,
        {%- endfor %}
        trailing_promoters + trailing_passives + trailing_detractors >= {{ var('min_responses_stratum') }} as has_mix
    from strata
    where replicate = 0

),

standardised as (

    select
        strata.chain_link_key,
        strata.replicate,
        strata.exposed,
        strata.exposed_once_e9,
        {%- for category in categories %}
            {{ stratum_retention(category) }} as {{ category }}_retention,
        {%- endfor %}
        {%- for category in categories %}
            case
                when
                    strata_that_stand_alone.has_mix
                    and strata.trailing_promoters + strata.trailing_passives + strata.trailing_detractors > 0
                    then
                        strata.trailing_{{ category }}s
                        / cast(
                            strata.trailing_promoters + strata.trailing_passives + strata.trailing_detractors as double
                        )
                else
                    links.trailing_{{ category }}s
                    / cast(
                        nullif(
                            links.trailing_promoters + links.trailing_passives + links.trailing_detractors, 0
                        ) as double
                    )
            end as {{ category }}_share{% if not loop.last %},{% endif %}
        {%- endfor %}
    from strata
    inner join strata_that_stand_alone
        on
            strata.chain_link_key = strata_that_stand_alone.chain_link_key
            and strata.tenure_band_key = strata_that_stand_alone.tenure_band_key
            and strata.segment = strata_that_stand_alone.segment
    inner join links
        on strata.chain_link_key = links.chain_link_key and strata.replicate = links.replicate

),

mixed as (

    select
        *,
        -- null without a score mix; a category that nobody is of has no retention, and no share
        case
            when promoter_share is not null
                then
                    {%- for category in categories %}
                        {{ '+ ' if not loop.first }}coalesce({{ category }}_share * {{ category }}_retention, 0)
                    {%- endfor %}
        end as retention
    from standardised
    where exposed > 0

),

losses as (

    select
        chain_link_key,
        replicate,
        -- a few strata per link: a decimal sum is exact in any order
        {{ stable_sum('exposed * (promoter_retention - retention)', 12) }} as lost_customers,
        {{ stable_sum('exposed_once_e9 / 1e9', 12) }} as exposed_once,
        {{ stable_sum('exposed_once_e9 / 1e9 * (1 - retention)', 12) }} as expected_lost_once,
        {{ stable_sum('exposed * detractor_share', 12) }} as detractors_exposed,
        {{ stable_sum('exposed * passive_share', 12) }} as passives_exposed
    from mixed
    group by chain_link_key, replicate

),

crude as (

    select
        *,
        {%- for category in categories %}
            retained_{{ category }}s_e9 / (cast(nullif({{ category }}s, 0) as double) * 1e9)
                as {{ category }}_retention,
            trailing_{{ category }}s
            / cast(nullif(trailing_promoters + trailing_passives + trailing_detractors, 0) as double)
                as {{ category }}_share{% if not loop.last %},{% endif %}
        {%- endfor %}
    from links

)

select
    crude.chain_link_key,
    crude.replicate,
    crude.exposed,
    losses.lost_customers / crude.exposed as excess_loss,
    crude.promoter_retention
    - crude.promoter_share * crude.promoter_retention
    - coalesce(crude.passive_share * crude.passive_retention, 0)
    - coalesce(crude.detractor_share * crude.detractor_retention, 0) as excess_loss_crude,
    losses.detractors_exposed / crude.exposed as detractor_share,
    losses.passives_exposed / crude.exposed as passive_share,
    crude.detractor_share as detractor_share_crude,
    crude.passive_share as passive_share_crude,
    losses.exposed_once,
    losses.expected_lost_once,
    crude.retained_with_margin,
    cast(crude.margin_eur as double) / nullif(crude.retained_with_margin, 0) as margin_per_retained_eur,
    losses.lost_customers * cast(crude.margin_eur as double) / nullif(crude.retained_with_margin, 0)
        as value_at_stake_eur
from crude
inner join losses on crude.chain_link_key = losses.chain_link_key and crude.replicate = losses.replicate
