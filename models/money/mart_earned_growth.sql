{%- set minimum = var('min_responses_shown') -%}
with

growth as (

    select * from {{ ref('int_revenue_growth') }}

),

chains as (

    select * from {{ ref('dim_chain') }}

),

-- A figure of a handful of customers tells what one of them spent.
judged as (

    select
        *,
        case
            when not is_comparable then 'no purchases on file for the whole of the year before'
            when customers_before = 0 then 'nobody bought in the year before'
            when customers_before < {{ minimum }} then 'fewer than {{ minimum }} customers in the year before'
            when
                earned_new_customers between 1 and {{ minimum - 1 }}
                or bought_new_customers between 1 and {{ minimum - 1 }}
                or unknown_new_customers between 1 and {{ minimum - 1 }}
                then 'fewer than {{ minimum }} new customers of a kind'
            -- from here on nothing but earned_growth is null: what is unknown can't be divided as the known is
            when unknown_new_revenue_eur = 0 then null
            when
                earned_new_customers + bought_new_customers = 0
                then 'no new customer gave a reason: bounds only'
            when
                earned_new_revenue_eur < 0 or bought_new_revenue_eur < 0
                then 'new customers of a kind brought back more than they bought: bounds only'
            when
                earned_new_revenue_eur + bought_new_revenue_eur = 0
                then 'the new customers who gave a reason brought no revenue: bounds only'
        end as missing_evidence,
        is_comparable and customers_before >= {{ minimum }} as is_shown
    from growth

),

flagged as (

    select
        *,
        is_shown
        and earned_new_customers not between 1 and {{ minimum - 1 }}
        and bought_new_customers not between 1 and {{ minimum - 1 }}
        and unknown_new_customers not between 1 and {{ minimum - 1 }} as is_new_shown
    from judged

)

select
    flagged.chain_key,
    flagged.quarter_start_on,
    chains.chain_code,
    chains.chain_name,
    flagged.year_from,
    flagged.year_to,
    case when flagged.is_shown then cast(flagged.customers_before as bigint) end as customers_before,
    case
        when flagged.is_shown then cast(flagged.revenue_before_eur as {{ euros_sum_type() }})
    end as revenue_before_eur,
    case when flagged.is_shown then cast(flagged.revenue_kept_eur as {{ euros_sum_type() }}) end as revenue_kept_eur,
    case when flagged.is_shown then {{ money_ratio('flagged.revenue_kept_eur', 'flagged.revenue_before_eur') }} end
        as net_revenue_retention,
    case
        when flagged.is_shown
            then {{ money_ratio('flagged.revenue_kept_at_most_eur', 'flagged.revenue_before_eur') }}
    end as gross_revenue_retention,
    {%- for kind in ['earned', 'bought', 'unknown'] %}
        case when flagged.is_new_shown then cast(flagged.{{ kind }}_new_customers as bigint) end
            as {{ kind }}_new_customers,
        case when flagged.is_new_shown then cast(flagged.{{ kind }}_new_revenue_eur as {{ euros_sum_type() }}) end
            as {{ kind }}_new_revenue_eur,
        case
            when flagged.is_new_shown
                then {{ money_ratio('flagged.' ~ kind ~ '_new_revenue_eur', 'flagged.revenue_before_eur') }}
        end as {{ kind }}_new_rate,
    {%- endfor %}
    case
        when flagged.is_new_shown then {{ earned_growth_low(
            'flagged.revenue_kept_eur',
            'flagged.earned_new_revenue_eur',
            'flagged.unknown_new_revenue_eur',
            'flagged.revenue_before_eur',
        ) }}
    end as earned_growth_low,
    case
        when flagged.is_new_shown then {{ earned_growth_central(
            'flagged.revenue_kept_eur',
            'flagged.earned_new_revenue_eur',
            'flagged.bought_new_revenue_eur',
            'flagged.unknown_new_revenue_eur',
            'flagged.revenue_before_eur',
        ) }}
    end as earned_growth,
    case
        when flagged.is_new_shown then {{ earned_growth_high(
            'flagged.revenue_kept_eur',
            'flagged.earned_new_revenue_eur',
            'flagged.unknown_new_revenue_eur',
            'flagged.revenue_before_eur',
        ) }}
    end as earned_growth_high,
    case
        when flagged.is_shown
            then {{ money_ratio('flagged.won_back_revenue_eur', 'flagged.revenue_before_eur') }}
    end as won_back_rate,
    case
        when flagged.is_comparable then cast(flagged.unattributed_revenue_eur as {{ euros_sum_type() }})
    end as unattributed_revenue_eur,
    flagged.missing_evidence
from flagged
inner join chains on flagged.chain_key = chains.chain_key
