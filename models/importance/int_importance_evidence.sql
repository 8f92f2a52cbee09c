{#- Whether the journeys of a chain and ownership-age band say enough about a link's importance; if not, the first
    reason why. -#}
with

moments as (

    select * from {{ ref('int_importance_moment') }}

),

chain_links as (

    select * from {{ ref('dim_chain_link') }}

),

tenure_bands as (

    select * from {{ ref('tenure_bands') }}

),

bands as (

    select
        tenure_band_key as ownership_age_band_key,
        tenure_band_code as ownership_age_band_code
    from tenure_bands
    union all
    select
        0 as ownership_age_band_key,
        'all' as ownership_age_band_code

),

counted as (

    select
        moments.chain_key,
        bands.ownership_age_band_key,
        moments.variable_a,
        moments.variable_b,
        sum(moments.journeys) as journeys
    from moments
    inner join bands on bands.ownership_age_band_key in (0, moments.ownership_age_band_key)
    group by moments.chain_key, bands.ownership_age_band_key, moments.variable_a, moments.variable_b

),

links as (

    select
        chain_links.chain_link_key,
        chain_links.chain_key,
        chain_links.link_key,
        bands.ownership_age_band_key,
        bands.ownership_age_band_code,
        coalesce(all_links.journeys, 0) as journeys,
        coalesce(one_link.journeys, 0) as journeys_scored,
        coalesce(one_link.journeys, 0) >= {{ var('min_responses_verdict') }} as is_scored_enough
    from chain_links
    cross join bands
    left join counted as all_links
        on
            chain_links.chain_key = all_links.chain_key
            and bands.ownership_age_band_key = all_links.ownership_age_band_key
            and all_links.variable_a = 0
            and all_links.variable_b = 0
    left join counted as one_link
        on
            chain_links.chain_key = one_link.chain_key
            and bands.ownership_age_band_key = one_link.ownership_age_band_key
            and chain_links.link_key = one_link.variable_a
            and chain_links.link_key = one_link.variable_b

),

-- links are compared with each other through the journeys that hold both
groups as (

    select
        a.chain_key,
        a.ownership_age_band_key,
        count(distinct a.link_key) as links_compared,
        min(case when a.link_key < b.link_key then coalesce(counted.journeys, 0) end) as rarest_pair
    from links as a
    inner join links as b
        on a.chain_key = b.chain_key and a.ownership_age_band_key = b.ownership_age_band_key
    left join counted
        on
            a.chain_key = counted.chain_key
            and a.ownership_age_band_key = counted.ownership_age_band_key
            and a.link_key = counted.variable_a
            and b.link_key = counted.variable_b
    where a.is_scored_enough and b.is_scored_enough
    group by a.chain_key, a.ownership_age_band_key

),

explained as (

    select
        links.*,
        case
            when links.journeys < {{ var('min_responses_verdict') }}
                then 'fewer than {{ var("min_responses_verdict") }} journeys in which two links were scored'
            when not links.is_scored_enough
                then 'the link was scored in fewer than {{ var("min_responses_verdict") }} of these journeys'
            when groups.links_compared < 2
                then 'no other link of the chain was scored in enough of these journeys'
            when groups.links_compared > {{ var('importance_max_links') }}
                then 'more than {{ var("importance_max_links") }} links to compare'
            when groups.rarest_pair < {{ var('min_responses_shown') }}
                then 'two of the links were scored together in fewer than {{ var("min_responses_shown") }} journeys'
        end as missing_evidence
    from links
    left join groups
        on links.chain_key = groups.chain_key and links.ownership_age_band_key = groups.ownership_age_band_key

)

select
    chain_link_key,
    ownership_age_band_key,
    chain_key,
    link_key,
    ownership_age_band_code,
    cast(journeys as bigint) as journeys,
    cast(journeys_scored as bigint) as journeys_scored,
    missing_evidence is null as is_sufficient,
    missing_evidence
from explained
