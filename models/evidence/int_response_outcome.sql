{#- Kaplan-Meier retention is the mean of these outcomes: an event within the window counts 1 / G(just before it),
    where G is the Kaplan-Meier curve of being censored. That identity lets the bootstrap reweigh customers with
    plain sums (inverse probability of censoring weights; Satten and Datta 2001). -#}
with

retention as (

    select * from {{ ref('fct_retention') }}
    where retention_measure = 'chain'

),

chains as (

    select * from {{ ref('dim_chain') }}

),

customer_chains as (

    select * from {{ ref('int_customer_chain') }}

),

tenure_bands as (

    select * from {{ ref('tenure_bands') }}

),

period as (

    select * from {{ ref('int_period') }}

),

-- Half days: whoever came back on a day was not at risk of being lost from sight on that day.
followed as (

    select
        chain_link_key,
        nps_category,
        duration_days * 2 + case when is_event then 0 else 1 end as half_days,
        is_event,
        count(*) as responses
    from retention
    group by all

),

censoring_curves as (

    {{ kaplan_meier(
        'followed', ['chain_link_key', 'nps_category'], 'half_days', 'not is_event', weight='responses'
    ) }}

)

select
    retention.response_key,
    retention.chain_link_key,
    retention.chain_key,
    retention.customer_key,
    tenure_bands.tenure_band_key,
    customer_chains.segment,
    retention.nps_category,
    retention.response_on between period.trailing_from and period.trailing_to as is_trailing,
    retention.duration_days,
    retention.duration_days >= chains.retention_window_days or retention.is_event as is_settled,
    case
        when retention.is_event and retention.duration_days <= chains.retention_window_days
            then 1 / censoring_curves.survival
        else 0
    end as retained
from retention
cross join period
inner join chains on retention.chain_key = chains.chain_key
inner join customer_chains
    on retention.customer_key = customer_chains.customer_key and retention.chain_key = customer_chains.chain_key
inner join tenure_bands
    on
        {{ days_between('customer_chains.first_on', 'retention.response_on') }}
        between tenure_bands.from_days and tenure_bands.to_days
left join censoring_curves
    on
        retention.chain_link_key = censoring_curves.chain_link_key
        and retention.nps_category = censoring_curves.nps_category
        and retention.duration_days * 2 = censoring_curves.duration
