with

cells as (

    select * from {{ ref('int_nonresponse_cell') }}

),

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

comparisons as (

    select * from {{ ref('comparisons') }}
    where quarters_long = 1

),

stacked as (

    {% for dimension, member in [('partner', 'partner_code'), ('segment', 'segment')] %}
        select
            '{{ dimension }}' as dimension,
            chain_link_key as total_key,
            {{ member }} as member_code,
            quarter_start_on,
            channel_key,
            responses
        from cells

        union all
    {% endfor %}

    select
        'link' as dimension,
        chain_links.chain_key as total_key,
        chain_links.link_code as member_code,
        cells.quarter_start_on,
        cells.channel_key,
        cells.responses
    from cells
    inner join chain_links on cells.chain_link_key = chain_links.chain_link_key

),

modes as (

    select
        stacked.dimension,
        stacked.total_key,
        stacked.member_code,
        comparisons.comparison,
        comparisons.quarters_apart,
        stacked.quarter_start_on,
        stacked.channel_key,
        sum(stacked.responses) as responses
    from stacked
    cross join comparisons
    group by
        stacked.dimension,
        stacked.total_key,
        stacked.member_code,
        comparisons.comparison,
        comparisons.quarters_apart,
        stacked.quarter_start_on,
        stacked.channel_key

),

mixes as (

    {{ mode_mix_change(
        'modes', ['dimension', 'total_key', 'member_code', 'comparison'], 'channel_key', 'quarters_apart'
    ) }}

)

select
    dimension,
    total_key,
    member_code,
    comparison,
    quarter_start_on,
    distance as mode_mix_distance,
    p as mode_mix_p,
    {{ is_mode_mix_changed('distance', 'p') }} as is_mode_mix_changed
from mixes
