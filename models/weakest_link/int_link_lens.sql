{#- Four ways to look at a link (methods.md section 5), and the link of the chain that each names: the one furthest
    behind its benchmark, the most important, the one that loses most customers, the one with the most at stake. -#}
{#- a figure that is not above 0 is no finding: a link ahead of its benchmark, or that loses nothing, is not named -#}
{%- set lenses = [
    ('nps', '- gap_to_benchmark'),
    ('importance', 'importance_share'),
    ('attributable_loss', 'attributable_lost_customers'),
    ('value_at_stake', 'value_at_stake_eur'),
] -%}
with

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

period as (

    select * from {{ ref('int_period') }}

),

responses as (

    select * from {{ ref('fct_nps_response') }}

),

benchmarks as (

    select * from {{ ref('stg_chain__benchmarks') }}

),

importance as (

    select * from {{ ref('mart_link_importance') }}
    where ownership_age_band_code = 'all'

),

losses as (

    select * from {{ ref('int_loss_replicate') }}
    where replicate = 0

),

trailing_counts as (

    select
        responses.chain_link_key,
        count(*) as responses,
        sum(responses.is_promoter) as promoters,
        sum(responses.is_detractor) as detractors
    from responses
    cross join period
    where responses.response_on between period.trailing_from and period.trailing_to
    group by responses.chain_link_key
    -- a total under the limit is hidden like any other
    having count(*) >= {{ var('min_responses_shown') }}

),

benchmarks_of_year as (

    select
        {{ chain_link_key('benchmarks.chain_key', 'benchmarks.link_key') }} as chain_link_key,
        cast(benchmarks.nps as double) as benchmark_nps
    from benchmarks
    cross join period
    where benchmarks.year = extract(year from period.trailing_to)

),

{%- set counts = ['trailing_counts.promoters', 'trailing_counts.detractors', 'trailing_counts.responses'] %}

figures as (

    select
        chain_links.chain_link_key,
        chain_links.chain_key,
        chain_links.link_name,
        chain_links.link_position,
        cast(trailing_counts.responses as bigint) as responses,
        {{ nps(*counts) }} as nps,
        {{ nps_ci_low(*counts) }} as nps_ci_low,
        {{ nps_ci_high(*counts) }} as nps_ci_high,
        benchmarks_of_year.benchmark_nps,
        {{ nps(*counts) }} - benchmarks_of_year.benchmark_nps as gap_to_benchmark,
        {{ nps_ci_low(*counts) }} - benchmarks_of_year.benchmark_nps as gap_to_benchmark_ci_low,
        {{ nps_ci_high(*counts) }} - benchmarks_of_year.benchmark_nps as gap_to_benchmark_ci_high,
        importance.lmg_share as importance_share,
        importance.lmg_share_ci_low as importance_share_ci_low,
        importance.lmg_share_ci_high as importance_share_ci_high,
        importance.missing_reason as importance_missing_reason,
        losses.attributable_lost_customers,
        losses.value_at_stake_eur
    from chain_links
    left join trailing_counts on chain_links.chain_link_key = trailing_counts.chain_link_key
    left join benchmarks_of_year on chain_links.chain_link_key = benchmarks_of_year.chain_link_key
    left join importance on chain_links.chain_link_key = importance.chain_link_key
    left join losses on chain_links.chain_link_key = losses.chain_link_key

),

ranked as (

    select
        *,
        {%- for lens, figure in lenses %}
            case
                when
                    {{ figure }} > 0
                    and row_number() over (
                        partition by chain_key order by coalesce({{ figure }}, -1e18) desc, link_position asc
                    ) = 1
                    then link_name
            end as named_by_{{ lens }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from figures

),

named as (

    select
        chain_key,
        {%- for lens, _ in lenses %}
            max(named_by_{{ lens }}) as weakest_by_{{ lens }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from ranked
    group by chain_key

)

select
    figures.chain_link_key,
    figures.responses,
    figures.nps,
    figures.nps_ci_low,
    figures.nps_ci_high,
    figures.benchmark_nps,
    figures.gap_to_benchmark,
    figures.gap_to_benchmark_ci_low,
    figures.gap_to_benchmark_ci_high,
    figures.importance_share,
    figures.importance_share_ci_low,
    figures.importance_share_ci_high,
    figures.importance_missing_reason,
    {%- for lens, _ in lenses %}
        named.weakest_by_{{ lens }},
    {%- endfor %}
    -- a lens that names no link disagrees with none
    coalesce(
        {%- for function in ['least', 'greatest'] %}
            {{ '!= ' if not loop.first }}{{ function }}(
                {%- for lens, _ in lenses %}
                    named.weakest_by_{{ lens }}{% if not loop.last %},{% endif %}
                {%- endfor %}
            )
        {%- endfor %},
        false
    ) as is_disputed
from figures
inner join named on figures.chain_key = named.chain_key
