{#- Partners over the trailing quarters, and whose figures to hide.

    Partner x quarter is a table with both margins: mart_nps_by_link publishes the quarters' totals, and a partner's
    trailing total is the other. A hidden quarter must not follow from the two. So a partner with hidden quarters is
    shown only if these are a safe sum by themselves (as in the macro suppressed), and if in each of those quarters two
    or more partners stay hidden in both tables, and leave each other and the shown ones room to move. Then any hidden
    figure can be one more or one less, and another quarter or partner make up for it. -#}
{%- set minimum = var('min_responses_shown') -%}
{%- set cells_so_far -%}
    partition by in_order.chain_link_key, quarters.quarter_start_on
    order by in_order.hiding_order
    rows between unbounded preceding and current row
{%- endset -%}
with

nps_counts as (

    select * from {{ ref('int_nps_counts') }}

),

partners as (

    select * from {{ ref('dim_partner') }}

),

partner_quarters as (

    select * from {{ ref('mart_nps_by_partner') }}

),

period as (

    select * from {{ ref('int_period') }}

),

counts as (

    select
        nps_counts.chain_link_key,
        partners.partner_code,
        nps_counts.quarter_start_on,
        sum(nps_counts.responses) as responses,
        sum(nps_counts.promoters) as promoters,
        sum(nps_counts.passives) as passives,
        sum(nps_counts.detractors) as detractors
    from nps_counts
    inner join partners on nps_counts.partner_key = partners.partner_key
    inner join period on nps_counts.quarter_start_on between period.trailing_from and period.trailing_to
    group by nps_counts.chain_link_key, partners.partner_code, nps_counts.quarter_start_on

),

cells as (

    select
        counts.*,
        partner_quarters.partner_name,
        partner_quarters.is_suppressed,
        case when partner_quarters.is_suppressed then 1 else 0 end as is_hidden,
        min(partner_quarters.responses) over (
            partition by counts.chain_link_key, counts.quarter_start_on
        ) as smallest_shown,
        sum(case when partner_quarters.is_suppressed then counts.responses else 0 end) over (
            partition by counts.chain_link_key, counts.quarter_start_on
        ) as hidden_responses
    from counts
    inner join partner_quarters
        on
            counts.chain_link_key = partner_quarters.chain_link_key
            and counts.partner_code = partner_quarters.partner_code
            and counts.quarter_start_on = partner_quarters.quarter_start_on

),

-- what everybody knows of a hidden cell: small ones say so, the others lie between the minimum and the smallest shown
bounded as (

    select
        *,
        case when responses < {{ minimum }} then 0 else {{ minimum }} end as lower_bound,
        case
            when responses < {{ minimum }} then {{ minimum }} - 1
            else coalesce(smallest_shown, hidden_responses + 1)
        end as upper_bound
    from cells

),

totals as (

    select
        chain_link_key,
        partner_code,
        max_by(partner_name, quarter_start_on) as partner_name,
        sum(responses) as responses,
        sum(responses * is_hidden) as hidden_responses,
        sum(promoters) as promoters,
        sum(promoters * is_hidden) as hidden_promoters,
        sum(passives) as passives,
        sum(passives * is_hidden) as hidden_passives,
        sum(detractors) as detractors,
        sum(detractors * is_hidden) as hidden_detractors,
        sum(is_hidden) as hidden_quarters,
        sum(lower_bound * is_hidden) as lower_bound,
        sum(upper_bound * is_hidden) as upper_bound
    from bounded
    group by chain_link_key, partner_code

),

judged as (

    select
        *,
        hidden_quarters >= 2
        and hidden_responses >= {{ minimum }}
        and hidden_responses > lower_bound
        and hidden_responses < upper_bound
        and (hidden_promoters > 0 or promoters = 0)
        and (hidden_passives > 0 or passives = 0)
        and (hidden_detractors > 0 or detractors = 0) as is_safe_sum
    from totals

),

-- By what everybody can see, so that the order gives nothing away.
in_order as (

    select
        chain_link_key,
        partner_code,
        case when is_safe_sum then 0 else 1 end as is_unsafe,
        row_number() over (
            partition by chain_link_key
            order by case when is_safe_sum then 1 else 0 end, responses - hidden_responses, partner_code
        ) as hiding_order
    from judged
    where hidden_quarters > 0

),

quarters as (

    select distinct
        chain_link_key,
        quarter_start_on
    from bounded
    where is_suppressed

),

-- For every quarter with something hidden: the cells that stay hidden in both tables if this many partners are hidden.
accumulated as (

    select
        in_order.chain_link_key,
        in_order.hiding_order,
        sum(in_order.is_unsafe) over (
            partition by in_order.chain_link_key, quarters.quarter_start_on
        ) as unsafe_partners,
        sum(coalesce(bounded.is_hidden, 0)) over (
            partition by in_order.chain_link_key, quarters.quarter_start_on
        ) as all_cells,
        sum(coalesce(bounded.is_hidden, 0)) over ({{ cells_so_far }}) as cells,
        sum(coalesce(bounded.lower_bound, 0)) over ({{ cells_so_far }}) as lower_bound,
        sum(coalesce(bounded.upper_bound, 0)) over ({{ cells_so_far }}) as upper_bound,
        sum(coalesce(bounded.responses, 0)) over ({{ cells_so_far }}) as responses,
        sum(coalesce(bounded.promoters, 0)) over ({{ cells_so_far }}) as promoters,
        sum(coalesce(bounded.passives, 0)) over ({{ cells_so_far }}) as passives,
        sum(coalesce(bounded.detractors, 0)) over ({{ cells_so_far }}) as detractors
    from in_order
    inner join quarters on in_order.chain_link_key = quarters.chain_link_key
    left join bounded
        on
            in_order.chain_link_key = bounded.chain_link_key
            and in_order.partner_code = bounded.partner_code
            and quarters.quarter_start_on = bounded.quarter_start_on
            and bounded.is_suppressed

),

covered as (

    select
        chain_link_key,
        hiding_order,
        min(
            case
                when cells = all_cells then 1
                when
                    cells >= 2
                    and responses >= {{ minimum }}
                    and responses > lower_bound
                    and responses < upper_bound
                    and promoters > 0
                    and passives > 0
                    and detractors > 0
                    then 1
                else 0
            end
        ) as is_covered
    from accumulated
    where hiding_order >= unsafe_partners
    group by chain_link_key, hiding_order

),

extents as (

    select
        chain_link_key,
        min(hiding_order) as partners_to_hide
    from covered
    where is_covered = 1
    group by chain_link_key

)

select
    totals.chain_link_key,
    totals.partner_code,
    totals.partner_name,
    cast(totals.responses as bigint) as responses,
    cast(totals.promoters as bigint) as promoters,
    cast(totals.passives as bigint) as passives,
    cast(totals.detractors as bigint) as detractors,
    coalesce(in_order.hiding_order <= extents.partners_to_hide, false) as is_suppressed
from totals
left join in_order
    on
        totals.chain_link_key = in_order.chain_link_key
        and totals.partner_code = in_order.partner_code
left join extents on totals.chain_link_key = extents.chain_link_key
