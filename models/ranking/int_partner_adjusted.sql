{#- Indirect standardisation: a partner's NPS less what its answers would give had each the network's NPS of its cell.
    Cells are survey x mode x tenure band x segment. Of the shown partners only, so that nothing hidden enters. -#}
{%- set network = ['chain_link_key', 'period_kind', 'period_from'] -%}
{%- set network_key = network | join(', ') -%}
{%- set whole_network = 'partition by ' ~ network_key -%}
{%- set whole_cell = whole_network ~ ', cell' -%}
{%- set min_cell = var('min_responses_mix_cell') -%}
{%- set as_text = dbt.type_string() -%}
with

mixes as (

    select * from {{ ref('int_partner_mix') }}

),

shown as (

    select * from {{ ref('int_ranking_cell') }}
    where suppression_reason is null

),

-- A period is one quarter, or all of the trailing ones.
answers as (

    select
        shown.chain_link_key,
        shown.period_kind,
        shown.period_from,
        shown.partner_code,
        concat(cast(mixes.survey_key as {{ as_text }}), '-', cast(mixes.channel_key as {{ as_text }})) as survey_mode,
        concat(cast(mixes.tenure_band_key as {{ as_text }}), '-', mixes.segment) as customers,
        mixes.responses,
        mixes.promoters,
        mixes.detractors
    from shown
    inner join mixes
        on
            shown.chain_link_key = mixes.chain_link_key
            and shown.partner_code = mixes.partner_code
            and mixes.quarter_start_on between shown.period_from and shown.period_to

),

sized as (

    select
        *,
        sum(responses) over ({{ whole_network }}, survey_mode, customers) as cell_responses
    from answers

),

-- Cells of few answers are pooled within their survey and mode, and what is too few still in one.
pooled_once as (

    select
        *,
        case
            when cell_responses >= {{ min_cell }} then concat(survey_mode, '-', customers)
            else concat(survey_mode, '-pooled')
        end as fine_cell
    from sized

),

pooled as (

    select
        *,
        case
            when sum(responses) over ({{ whole_network }}, fine_cell) >= {{ min_cell }} then fine_cell
            else 'pooled'
        end as cell
    from pooled_once

),

partner_cells as (

    select
        {{ network_key }},
        partner_code,
        cell,
        cast(sum(responses) as double) as responses,
        cast(sum(promoters) as double) as promoters,
        cast(sum(detractors) as double) as detractors
    from pooled
    group by {{ network_key }}, partner_code, cell

),

-- squares within a partner's answers of a cell, in points
squared as (

    select
        *,
        1e4 * (promoters + detractors - power(promoters - detractors, 2) / responses) as squares
    from partner_cells

),

compared as (

    select
        *,
        count(*) over ({{ whole_cell }}) as cell_partners,
        sum(responses) over ({{ whole_cell }}) as cell_responses,
        sum(promoters - detractors) over ({{ whole_cell }}) as cell_balance,
        {{ stable_sum('squares', 18, whole_cell) }} as cell_squares,
        sum(responses) over ({{ whole_network }}) as network_responses,
        sum(promoters - detractors) over ({{ whole_network }}) as network_balance,
        sum(responses) over ({{ whole_network }}) - count(*) over ({{ whole_network }}) as degrees_of_freedom,
        {{ stable_sum('squares', 18, whole_network) }} as network_squares
    from squared

),

-- A cell's own variance counts as its answers do, beside so many of the network's as make a cell.
with_variance as (

    select
        *,
        (cell_squares + {{ min_cell }} * network_squares / nullif(degrees_of_freedom, 0))
        / (cell_responses - cell_partners + {{ min_cell }}) as response_variance,
        1 - responses / cell_responses as share_of_others
    from compared

),

standardised as (

    select
        {{ network_key }},
        partner_code,
        sum(responses) as responses,
        max(network_responses) as network_responses,
        max(degrees_of_freedom) as degrees_of_freedom,
        100 * sum(promoters - detractors) / sum(responses) as nps,
        100 * max(network_balance) / max(network_responses) as network_nps,
        100 * {{ stable_sum('responses * cell_balance / cell_responses', 18) }} / sum(responses) as expected_nps,
        {{ stable_sum('responses * response_variance', 12) }} / power(sum(responses), 2) as sampling_variance,
        {{ stable_sum('responses * share_of_others * response_variance', 12) }}
        / power(sum(responses), 2) as difference_variance,
        {{ stable_sum('responses * share_of_others', 18) }} / sum(responses) as comparable_share
    from with_variance
    group by {{ network_key }}, partner_code

)

select
    {{ network_key }},
    partner_code,
    responses,
    network_responses,
    degrees_of_freedom,
    nps,
    expected_nps,
    network_nps,
    nps - expected_nps + network_nps as adjusted_nps,
    sampling_variance,
    comparable_share,
    -- the network holds the partner's own answers too: what is left of a difference is the others' share
    (nps - expected_nps) / nullif(comparable_share, 0) as difference_from_rest,
    difference_variance / power(nullif(comparable_share, 0), 2) as difference_variance
from standardised
