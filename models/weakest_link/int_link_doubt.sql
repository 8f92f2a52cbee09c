{#- What would have to be so for a link's loss, or its place among the links, to be otherwise: something unseen, silent
    customers who think otherwise, more answers. -#}
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

links as (

    select * from {{ ref('int_link_replicate') }}
    where replicate = 0

),

replicates as (

    select * from {{ ref('int_loss_replicate') }}
    where replicate >= 0

),

known_causes as (

    select * from {{ ref('int_link_known_cause') }}

),

controls as (

    select
        chain_link_key,
        sum(case when is_controlled then 1 else 0 end) as controls
    from {{ ref('int_joint_control') }}
    group by chain_link_key

),

-- who met the link in the period and answered there
answered as (

    select
        responses.chain_link_key,
        count(*) as answers,
        count(distinct responses.customer_key) as customers
    from responses
    cross join period
    where responses.response_on between period.trailing_from and period.trailing_to
    group by responses.chain_link_key

),

estimates as (

    select
        replicates.*,
        row_number() over (
            partition by replicates.chain_key order by replicates.value_at_stake_eur desc, chain_links.link_position asc
        ) as place
    from replicates
    inner join chain_links on replicates.chain_link_key = chain_links.chain_link_key
    where replicates.replicate = 0 and replicates.value_at_stake_eur is not null

),

-- the link to compare with: the one that loses most, and for that one the next
compared as (

    select
        estimates.chain_key,
        estimates.chain_link_key,
        estimates.place,
        estimates.excess_loss,
        estimates.value_at_stake_eur,
        rivals.chain_link_key as other_link_key,
        estimates.value_at_stake_eur - rivals.value_at_stake_eur as difference_eur
    from estimates
    left join estimates as rivals
        on
            estimates.chain_key = rivals.chain_key
            and rivals.place = case when estimates.place = 1 then 2 else 1 end

),

deviations as (

    select
        replicates.chain_link_key,
        replicates.excess_loss - compared.excess_loss as of_loss,
        replicates.value_at_stake_eur - rivals.value_at_stake_eur - compared.difference_eur as of_difference
    from replicates
    inner join compared on replicates.chain_link_key = compared.chain_link_key
    left join replicates as rivals
        on compared.other_link_key = rivals.chain_link_key and replicates.replicate = rivals.replicate
    where replicates.replicate > 0

),

-- the bootstrap's variances, from exact sums
varied as (

    select
        chain_link_key,
        {%- for figure, scale in [('of_loss', 18), ('of_difference', 6)] %}
            (
                {{ stable_sum(figure ~ ' * ' ~ figure, scale) }}
                - {{ stable_sum(figure, scale) }} * {{ stable_sum(figure, scale) }} / nullif(count({{ figure }}), 0)
            ) / nullif(count({{ figure }}) - 1, 0) as variance_{{ figure }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from deviations
    group by chain_link_key

),

measured as (

    select
        compared.*,
        answered.answers,
        varied.variance_of_difference / nullif(compared.difference_eur * compared.difference_eur, 0)
            as relative_variance,
        known_causes.outcome_share,
        known_causes.score_share,
        case
            when compared.excess_loss > 0
                then {{ robustness_value(
                    'compared.excess_loss / nullif(sqrt(greatest(0, varied.variance_of_loss)), 0)',
                    '(known_causes.answers - known_causes.strata - 2 - coalesce(controls.controls, 0))'
                ) }}
        end as robustness_value,
        -- points that the score of all who met the link falls by, if that of the silent falls by one
        1 - least(1, coalesce(answered.customers, 0) / cast(nullif(links.exposed, 0) as double)) as silent_share,
        -- euros that go with one point of the link's score
        compared.value_at_stake_eur / nullif(100 * (2 * links.detractor_share + links.passive_share), 0)
            as eur_per_point
    from compared
    inner join links on compared.chain_link_key = links.chain_link_key
    inner join varied on compared.chain_link_key = varied.chain_link_key
    left join answered on compared.chain_link_key = answered.chain_link_key
    left join known_causes on compared.chain_link_key = known_causes.chain_link_key
    left join controls on compared.chain_link_key = controls.chain_link_key

)

select
    chain_link_key,
    robustness_value,
    robustness_value / nullif(greatest(outcome_share, score_share), 0) as robustness_in_known_causes,
    case
        when value_at_stake_eur > 0 then abs(difference_eur) / nullif(silent_share * eur_per_point, 0)
    end as silent_points_to_turn,
    -- a difference next to nothing needs more than anybody has
    case
        when answers * {{ double_var('z_95') }} * {{ double_var('z_95') }} * relative_variance < 1e12
            then
                cast(
                    ceil(answers * {{ double_var('z_95') }} * {{ double_var('z_95') }} * relative_variance) as bigint
                )
    end as answers_needed
from measured
