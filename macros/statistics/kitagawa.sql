{#- Kitagawa (1955): the change of a mean, split per cell into mix and rate, as a query to put in a CTE.

    relation       a row per cell with `count_before`, `sum_before`, `count_after` and `sum_after` (whole numbers, never
                   null): how many there were, and the sum of what the mean is of
    key_columns    name a cell
    total_columns  name the total that the cell is part of, one change each; at least one of each period in it

    A cell's rate is sum / count, its share count / total count. rate_effect = change of the rate x mean share;
    mix_effect = change of the share x (mean rate of the cell - mean of the total before and after). Over the cells of
    a total both add up to its change exactly. A cell that is empty before or after has no rate then, so its rate did
    not change: all of its part is mix. -#}
{%- macro kitagawa(relation, key_columns, total_columns) -%}
    {%- set over_total = 'over (partition by ' ~ total_columns | join(', ') ~ ')' -%}
    {%- set counts = ['count_before', 'sum_before', 'count_after', 'sum_after'] -%}
    with

    kitagawa_totals as (

        select
            {{ (key_columns + total_columns) | unique | join(', ') }},
            {%- for count in counts %}
            {{ count }},
            cast(sum({{ count }}) {{ over_total }} as double) as total_{{ count }}
            {{- ',' if not loop.last }}
            {%- endfor %}
        from {{ relation }}

    ),

    kitagawa_rates as (

        select
            *,
            {%- for period in ['before', 'after'] %}
            count_{{ period }} / nullif(total_count_{{ period }}, 0) as share_{{ period }},
            cast(sum_{{ period }} as double) / nullif(count_{{ period }}, 0) as rate_{{ period }},
            total_sum_{{ period }} / nullif(total_count_{{ period }}, 0) as total_rate_{{ period }}
            {{- ',' if not loop.last }}
            {%- endfor %}
        from kitagawa_totals

    )

    select
        {{ (key_columns + total_columns) | unique | join(', ') }},
        {%- for period in ['before', 'after'] %}
        count_{{ period }},
        share_{{ period }},
        rate_{{ period }},
        total_rate_{{ period }},
        {%- endfor %}
        (share_after - share_before) * (
            (coalesce(rate_before, rate_after, 0) + coalesce(rate_after, rate_before, 0)) / 2
            - (total_rate_before + total_rate_after) / 2
        ) as mix_effect,
        coalesce(rate_after - rate_before, 0) * (share_before + share_after) / 2 as rate_effect
    from kitagawa_rates
{%- endmacro -%}
