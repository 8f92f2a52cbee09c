{#- Sums and products of every two variables of a survey in the trailing quarters, its items' ratings and the answer
    itself (the empty code: +1, 0, -1), over the answers that hold both, per bucket of customers. Ratings in whole steps,
    so that sums are exact. -#}
with

items as (

    select * from {{ ref('fct_survey_item') }}

),

responses as (

    select * from {{ ref('fct_nps_response') }}

),

period as (

    select * from {{ ref('int_period') }}

),

rated as (

    select
        responses.chain_link_key,
        responses.survey_key,
        responses.response_key,
        coalesce(responses.customer_key, responses.response_key) % {{ var('bootstrap_buckets') }} as bucket,
        items.item_code,
        {{ rating_in_steps('items.rating_given', 'items.scale') }} as steps,
        responses.is_promoter - responses.is_detractor as answer
    from items
    inner join responses on items.response_key = responses.response_key
    inner join period on responses.quarter_start_on between period.trailing_from and period.trailing_to

),

variables as (

    select
        chain_link_key,
        survey_key,
        response_key,
        bucket,
        item_code as variable_code,
        cast(steps as bigint) as amount
    from rated

    union all

    select
        chain_link_key,
        survey_key,
        response_key,
        bucket,
        '' as variable_code,
        cast(min(answer) as bigint) as amount
    from rated
    group by chain_link_key, survey_key, response_key, bucket

)

select
    a.chain_link_key,
    a.survey_key,
    a.variable_code as variable_a,
    b.variable_code as variable_b,
    cast(a.bucket as integer) as bucket,
    count(*) as answers,
    cast(sum(a.amount) as bigint) as sum_a,
    cast(sum(b.amount) as bigint) as sum_b,
    cast(sum(a.amount * a.amount) as bigint) as sum_aa,
    cast(sum(b.amount * b.amount) as bigint) as sum_bb,
    cast(sum(a.amount * b.amount) as bigint) as sum_ab
from variables as a
inner join variables as b on a.response_key = b.response_key and a.variable_code <= b.variable_code
group by
    a.chain_link_key,
    a.survey_key,
    a.variable_code,
    b.variable_code,
    a.bucket
-- the buckets of a pair together: the bootstrap sums them in half the time
order by a.chain_link_key, a.survey_key, a.variable_code, b.variable_code
