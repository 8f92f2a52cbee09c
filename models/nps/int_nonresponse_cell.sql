{#- Who was asked and who answered, by survey mode, tenure band and segment. Where a survey records no invitations (a
    shop asks at the till), the customers who bought at its link stand for those asked, and the mode is in no weight. A
    link may have surveys of both kinds: each stands for those whom it could ask. -#}
{%- set stated = 'coalesce(nullif(unioned.channel_key, 0), -1)' -%}
{%- set weighting_channel = 'case when unioned.is_mode_weighted then ' ~ stated ~ ' else 0 end' %}
with

invitations as {{ inline_cte() }} (

    select * from {{ ref('fct_survey_invitation') }}

),

responses as (

    select * from {{ ref('fct_nps_response') }}

),

transactions as (

    select * from {{ ref('fct_transaction') }}
    where customer_key is not null

),

partners as (

    select * from {{ ref('dim_partner') }}

),

customer_chains as (

    select * from {{ ref('int_customer_chain') }}

),

tenure_bands as (

    select * from {{ ref('tenure_bands') }}

),

surveys as (

    select
        survey_key,
        link_key,
        survey_code in (
            {%- for code in inviting_surveys() %}
                '{{ code }}'{{ ',' if not loop.last }}
            {%- endfor %}
        ) as is_inviting
    from {{ ref('dim_survey') }}

),

links_asking_buyers as (

    select distinct link_key
    from surveys
    where not is_inviting

),

buyers as (

    select
        transactions.chain_link_key,
        transactions.chain_key,
        partners.partner_code,
        {{ quarter_start('transactions.transaction_on') }} as quarter_start_on,
        transactions.customer_key,
        min(transactions.transaction_on) as happened_on
    from transactions
    inner join partners on transactions.partner_key = partners.partner_key
    inner join links_asking_buyers on transactions.link_key = links_asking_buyers.link_key
    group by
        transactions.chain_link_key,
        transactions.chain_key,
        partners.partner_code,
        {{ quarter_start('transactions.transaction_on') }},
        transactions.customer_key

),

unioned as (

    select
        invitations.chain_link_key,
        invitations.chain_key,
        partners.partner_code,
        invitations.quarter_start_on,
        invitations.customer_key,
        invitations.sent_on as happened_on,
        invitations.channel_key,
        true as is_mode_weighted,
        1 as population,
        1 as invitations,
        {{ aapor_outcome('invitations.disposition') }} as outcome,
        0 as responses,
        0 as promoters,
        0 as passives,
        0 as detractors
    from invitations
    inner join partners on invitations.partner_key = partners.partner_key

    union all

    select
        chain_link_key,
        chain_key,
        partner_code,
        quarter_start_on,
        customer_key,
        happened_on,
        0 as channel_key,
        false as is_mode_weighted,
        1 as population,
        0 as invitations,
        cast(null as {{ dbt.type_string() }}) as outcome,
        0 as responses,
        0 as promoters,
        0 as passives,
        0 as detractors
    from buyers

    union all

    select
        responses.chain_link_key,
        responses.chain_key,
        partners.partner_code,
        responses.quarter_start_on,
        responses.customer_key,
        responses.response_on as happened_on,
        responses.channel_key,
        surveys.is_inviting as is_mode_weighted,
        0 as population,
        0 as invitations,
        cast(null as {{ dbt.type_string() }}) as outcome,
        1 as responses,
        responses.is_promoter as promoters,
        responses.is_passive as passives,
        responses.is_detractor as detractors
    from responses
    inner join partners on responses.partner_key = partners.partner_key
    inner join surveys on responses.survey_key = surveys.survey_key

)

select
    unioned.chain_link_key,
    unioned.partner_code,
    unioned.quarter_start_on,
    unioned.channel_key,
    {{ weighting_channel }} as weighting_channel_key,
    -- nobody known: a stratum of its own
    coalesce(tenure_bands.tenure_band_key, 0) as tenure_band_key,
    coalesce(customer_chains.segment, 'unknown') as segment,
    cast(sum(unioned.population) as bigint) as population,
    cast(sum(unioned.invitations) as bigint) as invitations,
    {%- for outcome, measure in [('I', 'completes'), ('P', 'partials'), ('R', 'refusals'), ('U', 'unknowns')] %}
        count(*) filter (where unioned.outcome = '{{ outcome }}') as {{ measure }},
    {%- endfor %}
    cast(sum(unioned.responses) as bigint) as responses,
    cast(sum(unioned.promoters) as bigint) as promoters,
    cast(sum(unioned.passives) as bigint) as passives,
    cast(sum(unioned.detractors) as bigint) as detractors
from unioned
left join customer_chains
    on unioned.customer_key = customer_chains.customer_key and unioned.chain_key = customer_chains.chain_key
left join tenure_bands
    on
        -- asked before the first sign of life on file: new
        greatest(0, {{ days_between('customer_chains.first_on', 'unioned.happened_on') }})
        between tenure_bands.from_days and tenure_bands.to_days
        and customer_chains.first_on is not null
group by
    unioned.chain_link_key,
    unioned.partner_code,
    unioned.quarter_start_on,
    unioned.channel_key,
    {{ weighting_channel }},
    coalesce(tenure_bands.tenure_band_key, 0),
    coalesce(customer_chains.segment, 'unknown')
