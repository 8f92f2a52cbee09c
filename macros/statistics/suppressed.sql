{#- Which cells of a table of counts to hide, and why: every row of `relation` with its key
    and `suppression_reason`, null where the figures are shown.

    Hidden are the cells of fewer than `min_responses_shown` responses and, in each parent total, as many of the next
    smallest as it takes so that nobody can work a hidden figure out from the total, the shown cells and this rule:
    the hidden ones are at least two, hold at least `min_responses_shown` responses together, and their sums leave
    every one of them more than one possible value. Where even hiding all is not enough, all give the same reason.

    relation         has `responses`, `promoters`, `passives`, `detractors` (whole numbers, never null)
    key_columns      name a cell, and break ties
    parent_columns   name the published total the cell is part of
    is_total_hidden  SQL condition: the total itself is hidden, and so are all its cells -#}
{%- macro suppressed(relation, key_columns, parent_columns, is_total_hidden='false') -%}
    {%- set minimum = var('min_responses_shown') -%}
    {%- set parents = parent_columns | join(', ') -%}
    {%- set smallest_first = 'partition by ' ~ parents ~ ' order by responses, ' ~ key_columns | join(', ') -%}
    {%- set up_to_here = smallest_first ~ ' rows between unbounded preceding and current row' -%}
    {%- set answers = ['promoters', 'passives', 'detractors'] -%}
    with

    suppression_running as (

        select
            {{ (key_columns + parent_columns) | unique | join(', ') }},
            {{ is_total_hidden }} as is_total_hidden,
            responses,
            row_number() over ({{ smallest_first }}) as hidden_cells,
            sum(case when responses < {{ minimum }} then 1 else 0 end) over (partition by {{ parents }}) as small_cells,
            sum(responses) over ({{ up_to_here }}) as hidden_responses,
            lead(responses) over ({{ smallest_first }}) as smallest_shown,
            {%- for answer in answers %}
            sum({{ answer }}) over ({{ up_to_here }}) as hidden_{{ answer }},
            sum({{ answer }}) over (partition by {{ parents }}) as total_{{ answer }}
            {{- ',' if not loop.last }}
            {%- endfor %}
        from {{ relation }}

    ),

    suppression_judged as (

        select
            *,
            hidden_cells >= small_cells
            {#- and so at least two #}
            and hidden_responses >= {{ minimum }}
            {#- not all at the least they can be: small cells at 0, the others at the minimum #}
            and hidden_responses > {{ minimum }} * (hidden_cells - small_cells)
            {#- not all at the most: small cells just under the minimum, the others level with the smallest one shown #}
            and hidden_responses < ({{ minimum }} - 1) * small_cells
            + coalesce(smallest_shown, hidden_responses + 1) * (hidden_cells - small_cells)
            {#- a cell hidden for the others' sake lies between the minimum and the smallest one shown #}
            and (hidden_cells = small_cells or coalesce(smallest_shown, {{ minimum }} + 1) > {{ minimum }})
            {#- a sum of 0 tells each of its parts #}
            {%- for answer in answers %}
            and (hidden_{{ answer }} > 0 or total_{{ answer }} = 0)
            {%- endfor %} as is_safe
        from suppression_running

    ),

    suppression_extent as (

        select
            *,
            min(case when is_safe then hidden_cells end) over (partition by {{ parents }}) as cells_to_hide
        from suppression_judged

    )

    select
        {{ key_columns | join(', ') }},
        case
            when responses < {{ minimum }} and (cells_to_hide is not null or is_total_hidden)
                then 'fewer than {{ minimum }} responses'
            when is_total_hidden or (small_cells > 0 and hidden_cells <= coalesce(cells_to_hide, hidden_cells))
                then 'complementary: it would give away a figure of fewer than {{ minimum }} responses'
        end as suppression_reason
    from suppression_extent
{%- endmacro -%}
