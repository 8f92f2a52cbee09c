{#- A level is compared with the rest of its link: with all other answers, whatever drove them. An item is what the same
    people rated beside, so that it has no rest; it is measured by what it explains. -#}
{%- set row = ['levels.promoters', 'levels.detractors', 'levels.responses'] -%}
{%- set rest = ['levels.rest_promoters', 'levels.rest_detractors', 'levels.rest_responses'] -%}
{%- set grain = ['chain_link_key', 'driver_kind', 'driver_code'] -%}
{%- set counts = ['responses', 'promoters', 'passives', 'detractors'] -%}
{%- set share = 'cast(tested.responses as double) / tested.total_responses' -%}
{%- set of_levels = [
    'nps', 'nps_ci_low', 'nps_ci_high', 'rest_nps', 'nps_gain', 'nps_gain_ci_low', 'nps_gain_ci_high', 'q_value'
] -%}
{%- set of_items = [] -%}
{%- for figure in ['mean_rating', 'explained_share', 'rating_correlation'] -%}
    {%- do of_items.extend([figure, figure ~ '_ci_low', figure ~ '_ci_high']) -%}
{%- endfor -%}
{%- set z_95 = double_var('z_95') -%}
with

cells as (

    select * from {{ ref('int_driver_cell') }}

),

partners as (

    select * from {{ ref('int_ranking_cell') }}
    where period_kind = 'trailing'

),

items as (

    select * from {{ ref('int_driver_item') }}

),

surveys as (

    select * from {{ ref('dim_survey') }}

),

period as (

    select * from {{ ref('int_period') }}

),

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

-- each answer has one touchpoint
totals as (

    select
        chain_link_key,
        {%- for count in counts %}
            cast(sum({{ count }}) as bigint) as total_{{ count }},
        {%- endfor %}
        sum(responses) < {{ var('min_responses_shown') }} as is_total_hidden
    from cells
    where driver_kind = 'touchpoint'
    group by chain_link_key

),

-- all levels of a link that is too small are too small themselves
suppressions as (

    {{ suppressed('cells', grain, ['chain_link_key', 'driver_kind']) }}

),

shown as (

    select
        cells.chain_link_key,
        cells.driver_kind,
        cells.driver_code,
        cells.driver_name,
        suppressions.suppression_reason,
        {%- for count in counts %}
            case when suppressions.suppression_reason is null then cells.{{ count }} end as {{ count }}
            {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from cells
    inner join suppressions
        on
            cells.chain_link_key = suppressions.chain_link_key
            and cells.driver_kind = suppressions.driver_kind
            and cells.driver_code = suppressions.driver_code

    union all

    select
        chain_link_key,
        'partner' as driver_kind,
        partner_code as driver_code,
        partner_name as driver_name,
        suppression_reason,
        {{ counts | join(', ') }}
    from partners

),

levels as (

    select
        shown.*,
        {%- for count in counts %}
            totals.total_{{ count }},
            totals.total_{{ count }} - shown.{{ count }} as rest_{{ count }}
            {%- if not loop.last %},{% endif %}
        {%- endfor %},
        totals.is_total_hidden
    from shown
    inner join totals on shown.chain_link_key = totals.chain_link_key

),

-- what is hidden is one level: the link less what is shown, which tells nothing new
pools as (

    select
        chain_link_key,
        driver_kind,
        max(total_responses) - coalesce(sum(responses), 0) as responses,
        max(total_promoters) - coalesce(sum(promoters), 0) as promoters,
        max(total_detractors) - coalesce(sum(detractors), 0) as detractors
    from levels
    where not is_total_hidden
    group by chain_link_key, driver_kind

),

groups_of_answers as (

    select
        chain_link_key,
        driver_kind,
        responses,
        promoters,
        detractors
    from levels
    where responses > 0

    union all

    select
        chain_link_key,
        driver_kind,
        responses,
        promoters,
        detractors
    from pools
    where responses > 0

),

-- sums of squares of +1, 0 and -1
squares as (

    select
        chain_link_key,
        driver_kind,
        count(*) as levels,
        sum(responses) as responses,
        {{ stable_sum('cast(promoters - detractors as double) * (promoters - detractors) / responses', 12) }}
        - cast(sum(promoters - detractors) as double) * sum(promoters - detractors) / sum(responses) as between_levels,
        sum(promoters + detractors)
        - cast(sum(promoters - detractors) as double) * sum(promoters - detractors) / sum(responses) as in_all
    from groups_of_answers
    group by chain_link_key, driver_kind

),

kinds as (

    select
        chain_link_key,
        driver_kind,
        -- Kelley's epsilon squared, the adjusted R^2 of one mean per level: without it many levels explain by chance
        case
            when levels > 1 and responses > levels and in_all > 0
                then {{ bounded(
                    '1 - (in_all - between_levels) / in_all * (responses - 1) / (responses - levels)', low=0
                ) }}
        end as kind_explained_share
    from squares

),

differences as (

    select
        levels.*,
        case
            when levels.rest_responses > 0 then {{ nps_adjusted(*rest) }} - {{ nps_adjusted(*row) }}
        end as difference,
        sqrt(
            power({{ nps_adjusted_standard_error(*rest) }}, 2) + power({{ nps_adjusted_standard_error(*row) }}, 2)
        ) as standard_error
    from levels

),

deviates as (

    select
        *,
        difference / standard_error as z
    from differences

),

tested as (

    select
        *,
        case when z is not null then {{ two_sided_p('z') }} end as p_value
    from deviates

),

discoveries as (

    {{ benjamini_hochberg('tested', ['chain_link_key', 'driver_kind'], 'driver_code', 'p_value') }}

),

level_rows as (

    select
        tested.chain_link_key,
        tested.driver_kind,
        tested.driver_code,
        tested.driver_name,
        cast(null as {{ dbt.type_string() }}) as survey_code,
        tested.responses,
        {{ share }} as response_share,
        {{ nps('tested.promoters', 'tested.detractors', 'tested.responses') }} as nps,
        {{ nps_ci_low('tested.promoters', 'tested.detractors', 'tested.responses') }} as nps_ci_low,
        {{ nps_ci_high('tested.promoters', 'tested.detractors', 'tested.responses') }} as nps_ci_high,
        {{ nps('tested.rest_promoters', 'tested.rest_detractors', 'tested.rest_responses') }} as rest_nps,
        {{ share }} * (
            {{ nps('tested.rest_promoters', 'tested.rest_detractors', 'tested.rest_responses') }}
            - {{ nps('tested.promoters', 'tested.detractors', 'tested.responses') }}
        ) as nps_gain,
        {{ share }} * (tested.difference - {{ z_95 }} * tested.standard_error) as nps_gain_ci_low,
        {{ share }} * (tested.difference + {{ z_95 }} * tested.standard_error) as nps_gain_ci_high,
        discoveries.q_value,
        {%- for figure in of_items %}
            cast(null as double) as {{ figure }},
        {%- endfor %}
        kinds.kind_explained_share,
        cast(null as {{ dbt.type_string() }}) as missing_reason,
        tested.suppression_reason
    from tested
    left join kinds
        on tested.chain_link_key = kinds.chain_link_key and tested.driver_kind = kinds.driver_kind
    left join discoveries
        on
            tested.chain_link_key = discoveries.chain_link_key
            and tested.driver_kind = discoveries.driver_kind
            and tested.driver_code = discoveries.driver_code

),

-- items overlap and have no total, so that a small one is hidden alone
judged_items as (

    select
        items.*,
        surveys.survey_code,
        case
            when items.responses < {{ var('min_responses_shown') }}
                then 'fewer than {{ var("min_responses_shown") }} responses'
        end as suppression_reason
    from items
    inner join surveys on items.survey_key = surveys.survey_key

),

item_rows as (

    select
        judged_items.chain_link_key,
        'item' as driver_kind,
        concat(judged_items.survey_code, '/', judged_items.item_code) as driver_code,
        judged_items.item_code as driver_name,
        judged_items.survey_code,
        case when judged_items.suppression_reason is null then judged_items.responses end as responses,
        case
            when judged_items.suppression_reason is null
                then cast(judged_items.responses as double) / totals.total_responses
        end as response_share,
        {%- for figure in of_levels %}
            cast(null as double) as {{ figure }},
        {%- endfor %}
        {%- for figure in of_items %}
            case when judged_items.suppression_reason is null then judged_items.{{ figure }} end as {{ figure }},
        {%- endfor %}
        case when judged_items.suppression_reason is null then judged_items.r_squared end as kind_explained_share,
        judged_items.missing_reason,
        judged_items.suppression_reason
    from judged_items
    inner join totals on judged_items.chain_link_key = totals.chain_link_key

),

all_rows as (

    select * from level_rows
    union all
    select * from item_rows

)

select
    all_rows.chain_link_key,
    all_rows.driver_kind,
    all_rows.driver_code,
    chain_links.chain_code,
    chain_links.link_code,
    all_rows.driver_name,
    all_rows.survey_code,
    period.trailing_from as period_from,
    period.trailing_to as period_to,
    cast(all_rows.responses as bigint) as responses,
    all_rows.response_share,
    {%- for figure in of_levels + of_items %}
        all_rows.{{ figure }},
    {%- endfor %}
    all_rows.kind_explained_share,
    all_rows.missing_reason,
    case
        when all_rows.suppression_reason is not null then 'hidden'
        when all_rows.responses < {{ var('min_responses_ranked') }} then 'indicative'
        else 'full'
    end as evidence,
    all_rows.suppression_reason is not null as is_suppressed,
    all_rows.suppression_reason
from all_rows
cross join period
inner join chain_links on all_rows.chain_link_key = chain_links.chain_link_key
