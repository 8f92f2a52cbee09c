{#- Who answered, against who was asked: response rate, weights, and the mix of survey modes. -#}

{#- The letter of AAPOR's outcome rates for an invitation (AAPOR 2023, Standard Definitions, named persons invited):
    I complete, P partial (answered, but with no valid score), R refusal, U unknown, which is also where a bounced
    invitation belongs: whether that person was a customer to be asked is not known. -#}
{%- macro aapor_outcome(disposition) -%}
    case {{ disposition }}
        when 'answered' then 'I'
        when 'invalid_answer' then 'P'
        when 'opted_out' then 'R'
        else 'U'
    end
{%- endmacro -%}

{%- macro response_rate_rr1(completes, partials, refusals, unknowns) -%}
    cast({{ completes }} as double) / nullif({{ completes }} + {{ partials }} + {{ refusals }} + {{ unknowns }}, 0)
{%- endmacro -%}

{#- Effective number of responses (Kish 1965). -#}
{%- macro kish_n_eff(sum_of_weights, sum_of_squares) -%}
    ({{ sum_of_weights }}) * ({{ sum_of_weights }}) / nullif({{ sum_of_squares }}, 0)
{%- endmacro -%}

{#- Post-stratification (Holt and Smith 1979): one row per unit, as a query to put in a CTE. The weight of a response is
    its cell's share of the population over its share of the responses, so that weights have mean 1 before trimming.

    Cells that cannot carry a weight (fewer than `min_responses_stratum` responses, or nobody in the population) are
    pooled into one; if that one still cannot, the next smallest cells join it. A weight above `weight_trim_max` is cut
    to it: a handful of answers must not speak for a crowd.

    relation      has `population`, `responses`, `promoters`, `passives`, `detractors`, whole numbers
    unit_columns  name what gets a figure
    cell_columns  name the cell within it -#}
{%- macro post_stratified(relation, unit_columns, cell_columns) -%}
    {%- set minimum = var('min_responses_stratum') -%}
    {%- set units = unit_columns | join(', ') -%}
    {%- set counts = ['population', 'responses', 'promoters', 'passives', 'detractors'] -%}
    {%- set before -%}
        partition by {{ units }} order by is_weak desc, responses, {{ cell_columns | join(', ') }}
        rows between unbounded preceding and 1 preceding
    {%- endset -%}
    with

    ps_cells as (

        select
            {{ (unit_columns + cell_columns) | join(', ') }},
            {%- for count in counts %}
            sum({{ count }}) as {{ count }},
            {%- endfor %}
            sum(responses) < {{ minimum }} or sum(population) = 0 as is_weak
        from {{ relation }}
        group by {{ (unit_columns + cell_columns) | join(', ') }}

    ),

    ps_running as (

        select
            *,
            row_number() over (partition by {{ units }} order by {{ cell_columns | join(', ') }}) as cell_number,
            sum(responses) over ({{ before }}) as responses_before,
            sum(population) over ({{ before }}) as population_before
        from ps_cells

    ),

    ps_pooled as (

        select
            {{ units }},
            {#- 0 is the pool; the first cell has nobody before it -#}
            case
                when is_weak or responses_before < {{ minimum }} or population_before = 0 then 0
                else cell_number
            end as stratum,
            {{ counts | join(', ') }}
        from ps_running

    ),

    ps_strata as (

        select
            {{ units }},
            stratum,
            {%- for count in counts %}
            cast(sum({{ count }}) as double) as {{ count }}{{ ',' if not loop.last }}
            {%- endfor %}
        from ps_pooled
        group by {{ units }}, stratum

    ),

    ps_totals as (

        select
            *,
            sum(population) over (partition by {{ units }}) as unit_population,
            sum(responses) over (partition by {{ units }}) as unit_responses
        from ps_strata

    ),

    ps_weighed as (

        select
            *,
            -- null where nobody is known to have been asked
            {{ bounded(
                'population / nullif(unit_population, 0) * unit_responses / nullif(responses, 0)',
                high=var('weight_trim_max'),
            ) }} as weight
        from ps_totals

    ),

    ps_sums as (

        select
            {{ units }},
            count(*) as strata,
            max(weight) as largest_weight,
            {{ stable_sum('weight * responses', 12) }} as weighted_responses,
            {{ stable_sum('weight * promoters', 12) }} as weighted_promoters,
            {{ stable_sum('weight * detractors', 12) }} as weighted_detractors,
            {{ stable_sum('weight * weight * responses', 12) }} as sum_of_squares
        from ps_weighed
        where responses > 0
        group by {{ units }}

    ),

    ps_effective as (

        select
            *,
            {{ kish_n_eff('weighted_responses', 'sum_of_squares') }} as n_eff
        from ps_sums
        where weighted_responses > 0

    )

    select
        {{ units }},
        cast(strata as bigint) as weight_strata,
        largest_weight,
        n_eff,
        n_eff * weighted_promoters / weighted_responses as effective_promoters,
        n_eff * weighted_detractors / weighted_responses as effective_detractors
    from ps_effective
{%- endmacro -%}

{#- How far the mix of survey modes moved from an earlier quarter: one row per unit and quarter that both have responses.
    `distance` is the total variation distance, half the sum of the absolute differences of shares: the share of
    responses that would have to change mode. `p` is of the mode that moved most (two proportions, pooled z; Bonferroni
    over the modes), so that a small partner's noise is no change.

    relation        has `quarter_start_on`, `responses` and the mode
    quarters_apart  how far the earlier quarter lies back, or a column of the relation that says so -#}
{%- macro mode_mix_change(relation, unit_columns, mode, quarters_apart=1) -%}
    {%- set units = (unit_columns + ['quarter_start_on']) | join(', ') -%}
    with

    mm_sides as (

        select
            {{ units }},
            {{ mode }},
            responses as responses_now,
            0 as responses_before
        from {{ relation }}
        where responses > 0

        union all

        select
            {{ unit_columns | join(', ') }},
            cast({{ dbt.dateadd('month', '3 * ' ~ quarters_apart, 'quarter_start_on') }} as date) as quarter_start_on,
            {{ mode }},
            0 as responses_now,
            responses as responses_before
        from {{ relation }}
        where responses > 0

    ),

    mm_modes as (

        select
            {{ units }},
            {{ mode }},
            cast(sum(responses_now) as double) as mode_now,
            cast(sum(responses_before) as double) as mode_before
        from mm_sides
        group by {{ units }}, {{ mode }}

    ),

    mm_totals as (

        select
            *,
            sum(mode_now) over (partition by {{ units }}) as total_now,
            sum(mode_before) over (partition by {{ units }}) as total_before
        from mm_modes

    ),

    mm_differences as (

        select
            {{ units }},
            mode_now / total_now - mode_before / total_before as difference,
            (mode_now + mode_before) / (total_now + total_before) as pooled_share,
            1 / total_now + 1 / total_before as inverse_sizes
        from mm_totals
        where total_now > 0 and total_before > 0

    ),

    mm_scores as (

        select
            {{ units }},
            difference,
            {#- one mode only, in both quarters: no difference and no variance -#}
            coalesce(difference / sqrt(nullif(pooled_share * (1 - pooled_share) * inverse_sizes, 0)), 0) as z
        from mm_differences

    ),

    mm_largest as (

        select
            {{ units }},
            {{ stable_sum('abs(difference)', 15) }} / 2 as distance,
            max(abs(z)) as largest_z,
            count(*) as modes
        from mm_scores
        group by {{ units }}

    )

    select
        {{ units }},
        distance,
        least(1e0, modes * {{ two_sided_p('largest_z') }}) as p
    from mm_largest
{%- endmacro -%}

{#- Whether the modes moved by so much that two quarters' NPS may differ by the mode alone (de Leeuw 2005). -#}
{%- macro is_mode_mix_changed(distance, p) -%}
    {{ distance }} > {{ var('mode_mix_min_distance') }} and {{ p }} < {{ var('mode_mix_max_p') }}
{%- endmacro -%}

{#- The whole of a non-response model at the grain of `unit_columns` and the quarter, from int_nonresponse_cell. -#}
{%- macro nonresponse_figures(cells, unit_columns) -%}
    {%- set units = unit_columns + ['quarter_start_on'] -%}
    {%- set effective = ['weighted.effective_promoters', 'weighted.effective_detractors', 'weighted.n_eff'] -%}
    asked as (

        select
            {{ units | join(', ') }},
            sum(invitations) as invitations,
            sum(completes) as completes,
            sum(partials) as partials,
            sum(refusals) as refusals,
            sum(unknowns) as unknowns,
            sum(responses) as responses
        from {{ cells }}
        group by {{ units | join(', ') }}

    ),

    modes as (

        select
            {{ units | join(', ') }},
            channel_key,
            sum(responses) as responses
        from {{ cells }}
        group by {{ units | join(', ') }}, channel_key

    ),

    weighted as (

        {{ post_stratified(cells, units, ['weighting_channel_key', 'tenure_band_key', 'segment']) }}

    ),

    mixes as (

        {{ mode_mix_change('modes', unit_columns, 'channel_key') }}

    )

    select
        {%- for unit in units %}
        asked.{{ unit }},
        {%- endfor %}
        cast(asked.invitations as bigint) as invitations,
        cast(asked.responses as bigint) as responses,
        {{ response_rate_rr1('asked.completes', 'asked.partials', 'asked.refusals', 'asked.unknowns') }}
            as response_rate_rr1,
        weighted.weight_strata,
        weighted.largest_weight,
        weighted.n_eff,
        -- weights are no whole numbers: all promoters may give 100 and a rounding error
        {{ bounded(nps(*effective), -100, 100) }} as nps_weighted,
        {{ nps_ci_low(*effective) }} as nps_weighted_ci_low,
        {{ nps_ci_high(*effective) }} as nps_weighted_ci_high,
        mixes.distance as mode_mix_distance,
        mixes.p as mode_mix_p,
        {{ is_mode_mix_changed('mixes.distance', 'mixes.p') }} as is_mode_mix_changed
    from asked
    {%- for relation in ['weighted', 'mixes'] %}
    left join {{ relation }}
        on
            {%- for unit in units %}
            {{ 'and ' if not loop.first }}asked.{{ unit }} = {{ relation }}.{{ unit }}
            {%- endfor %}
    {%- endfor %}
{%- endmacro -%}
