{#- Attributable loss of each link that can be compared, in customers and euros, per bootstrap replicate (methods.md
    section 5, points 3 and 4): by the joint model, or by the link alone where there is none.

    Where two bad experiences compound, the joint model's coefficients count what they lose together at both. That is
    taken out (int_pair_loss), and the loss of all subsets of links, at most the whole, is shared out as the average over
    all orders of putting links right (Eide and Gefeller 1995): shares add up to what all links lose together. -#}
{%- set most_links = surveyed_links() | length -%}
{%- set places = range(1, most_links + 1) -%}
{%- set subsets = range(2 ** most_links) -%}
with

joint_replicates as (

    select * from {{ ref('int_joint_replicate') }}

),

links as (

    select * from {{ ref('int_link_replicate') }}

),

evidence as (

    select * from {{ ref('int_link_evidence') }}

),

joint_evidence as (

    select * from {{ ref('int_joint_evidence') }}

),

pairs as (

    select * from {{ ref('int_pair_loss') }}

),

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

-- one scorer who went would make a link's customers all lost, and could be told from the whole
counted_once as (

    select
        chain_links.chain_key,
        links.replicate,
        {{ stable_sum('case when evidence.is_sufficient then links.expected_lost_once end', 9) }} as expected_lost,
        {{ stable_sum('links.exposed_once', 9) }} as exposed,
        {{ stable_sum('case when evidence.is_sufficient then links.exposed_once end', 9) }}
            as exposed_to_compared_links
    from links
    inner join chain_links on links.chain_link_key = chain_links.chain_link_key
    inner join evidence on links.chain_link_key = evidence.chain_link_key
    group by chain_links.chain_key, links.replicate

),

-- customers of the chain who won't come back, each counted once; who met a link with too little data, like the rest
expected as (

    select
        chain_key,
        replicate,
        expected_lost * exposed / nullif(exposed_to_compared_links, 0) as expected_lost
    from counted_once

),

chosen as (

    select
        chain_links.chain_key,
        links.chain_link_key,
        links.replicate,
        links.exposed,
        links.margin_per_retained_eur,
        joint_evidence.loss_model,
        case when joint_evidence.loss_model = 'joint' then joint_replicates.excess_loss else links.excess_loss end
            as excess_loss,
        case
            when joint_evidence.loss_model = 'joint' then joint_replicates.excess_loss_crude
            else links.excess_loss_crude
        end as excess_loss_crude
    from links
    inner join chain_links on links.chain_link_key = chain_links.chain_link_key
    inner join evidence on links.chain_link_key = evidence.chain_link_key and evidence.is_sufficient
    inner join joint_evidence on links.chain_link_key = joint_evidence.chain_link_key
    inner join joint_replicates
        on links.chain_link_key = joint_replicates.chain_link_key and links.replicate = joint_replicates.replicate

),

-- with earlier scores and known causes held constant, and without: the same sums twice
both_ways as (

    select
        chain_key,
        chain_link_key,
        replicate,
        exposed,
        margin_per_retained_eur,
        loss_model,
        false as is_crude,
        exposed * excess_loss as lost
    from chosen
    union all
    select
        chain_key,
        chain_link_key,
        replicate,
        exposed,
        margin_per_retained_eur,
        loss_model,
        true as is_crude,
        exposed * excess_loss_crude as lost
    from chosen

),

placed as (

    select
        *,
        row_number() over (partition by chain_key, replicate, is_crude order by chain_link_key) as place
    from both_ways

),

-- what two links that were both held constant lose together
compounding as (

    select
        a.chain_key,
        a.replicate,
        a.is_crude,
        a.place as place_a,
        b.place as place_b,
        {%- for column in ['compounded', 'absorbed_a', 'absorbed_b'] %}
            case when a.is_crude then pairs.{{ column }}_crude else pairs.{{ column }} end as {{ column }}
            {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from pairs
    inner join placed as a on pairs.link_key_a = a.chain_link_key and pairs.replicate = a.replicate
    inner join placed as b
        on pairs.link_key_b = b.chain_link_key and pairs.replicate = b.replicate and a.is_crude = b.is_crude
    where a.loss_model = 'joint' and b.loss_model = 'joint'

),

singles as (

    select
        chain_key,
        replicate,
        is_crude,
        {%- for place in places %}
            coalesce(max(case when place = {{ place }} then lost end), 0) as lost_{{ place }}
            {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from placed
    group by chain_key, replicate, is_crude

),

couples as (

    select
        chain_key,
        replicate,
        is_crude,
        {%- for a in places %}
            {{ stable_sum('\n' ~ ' ' * 16 ~ 'case when place_a = ' ~ a ~ ' then absorbed_a'
                ~ '\n' ~ ' ' * 20 ~ 'when place_b = ' ~ a ~ ' then absorbed_b end', 12) }}
                as absorbed_{{ a }},
            {%- for b in places if b > a %}
                coalesce(max(case when place_a = {{ a }} and place_b = {{ b }} then compounded end), 0)
                    as both_{{ a }}_{{ b }},
            {%- endfor %}
        {%- endfor %}
        count(*) as pairs
    from compounding
    group by chain_key, replicate, is_crude

),

-- what each link loses by itself, and each two beyond
parts as (

    select
        singles.chain_key,
        singles.replicate,
        singles.is_crude,
        expected.expected_lost,
        {%- for a in places %}
            singles.lost_{{ a }} - coalesce(couples.absorbed_{{ a }}, 0) as alone_{{ a }},
            {%- for b in places if b > a %}
                coalesce(couples.both_{{ a }}_{{ b }}, 0) as both_{{ a }}_{{ b }},
            {%- endfor %}
        {%- endfor %}
        coalesce(couples.pairs, 0) as pairs
    from singles
    inner join expected on singles.chain_key = expected.chain_key and singles.replicate = expected.replicate
    left join couples
        on
            singles.chain_key = couples.chain_key and singles.replicate = couples.replicate
            and singles.is_crude = couples.is_crude

),

-- what putting each subset of links right brings
subsets as (

    select
        chain_key,
        replicate,
        is_crude,
        expected_lost,
        {%- for subset in subsets %}
            {{ put_right(subset, most_links, 'alone_', 'both_', 'expected_lost') }} as worth_{{ subset }}
            {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from parts

),

shared as (

    select
        placed.chain_key,
        placed.chain_link_key,
        placed.replicate,
        placed.is_crude,
        placed.exposed,
        placed.margin_per_retained_eur,
        subsets.expected_lost,
        case
            {%- for place in places %}
                when placed.place = {{ place }} and placed.lost is not null
                    then {{ average_attributable('subsets.worth_', place, most_links) }}
            {%- endfor %}
        end as lost,
        case
            {%- for place in places %}
                when placed.place = {{ place }} and placed.lost is not null then subsets.worth_{{ 2 ** (place - 1) }}
            {%- endfor %}
        end as mended_alone
    from placed
    inner join subsets
        on
            placed.chain_key = subsets.chain_key and placed.replicate = subsets.replicate
            and placed.is_crude = subsets.is_crude

)

select
    adjusted.chain_key,
    adjusted.chain_link_key,
    adjusted.replicate,
    adjusted.lost / nullif(adjusted.exposed, 0) as excess_loss,
    crude.lost / nullif(crude.exposed, 0) as excess_loss_crude,
    adjusted.lost as attributable_lost_customers,
    crude.lost as attributable_lost_customers_crude,
    adjusted.lost / nullif(adjusted.expected_lost, 0) as attributable_fraction,
    crude.lost / nullif(crude.expected_lost, 0) as attributable_fraction_crude,
    adjusted.lost * adjusted.margin_per_retained_eur as value_at_stake_eur,
    crude.lost * crude.margin_per_retained_eur as value_at_stake_crude_eur,
    adjusted.mended_alone as mended_alone_customers,
    adjusted.mended_alone * adjusted.margin_per_retained_eur as mended_alone_eur
from shared as adjusted
inner join shared as crude
    on adjusted.chain_link_key = crude.chain_link_key and adjusted.replicate = crude.replicate and crude.is_crude
where not adjusted.is_crude
