{#- Whether enough customers scored both links of an ordered pair for the second to be held constant in the figures of
    the first. Decided once, on all customers, so that bootstrap replicates differ by their customers only. -#}
with

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

pairs as (

    select
        chain_link_key,
        control_link_key,
        sum(pairs) as pairs
    from {{ ref('int_joint_pair') }}
    where bucket < {{ var('bootstrap_buckets') }}
    group by chain_link_key, control_link_key

),

placed as (

    select
        *,
        -- those that are scored come first, so that their places are as few as they are
        row_number() over (
            partition by chain_key
            order by
                case
                    when link_code in (
                        {%- for code in surveyed_links() %}
                            '{{ code }}'{{ ',' if not loop.last }}
                        {%- endfor %}
                    ) then 0
                    else 1
                end,
                link_key
        ) as place
    from chain_links

)

select
    placed.chain_link_key,
    controls.chain_link_key as control_link_key,
    placed.chain_key,
    controls.link_name as control_link_name,
    cast(controls.place as integer) as control_place,
    cast(coalesce(pairs.pairs, 0) as bigint) as pairs,
    coalesce(pairs.pairs, 0) >= {{ var('joint_min_pairs') }} as is_controlled
from placed
inner join placed as controls
    on placed.chain_key = controls.chain_key and placed.chain_link_key != controls.chain_link_key
left join pairs
    on placed.chain_link_key = pairs.chain_link_key and controls.chain_link_key = pairs.control_link_key
