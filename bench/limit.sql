-- The limit: what the machine needs for the answers alone. One script, no dbt, that reads the landing folder once and
-- takes every shortcut that clean data allow: nothing is checked, quarantined, kept row by row, suppressed or
-- documented, an identity is hashed once and not at every mention, no address is shared and no number nobody's.
-- The definitions are those of docs/methods.md; no code is shared with the project.
-- Variables: `landing` (folder), `seeds` (folder), `identity_key`.

create temp macro keyed(kind, value) as
    ('0x' || left(sha256(getvariable('identity_key') || '|' || kind || '|' || value), 15))::bigint;
create temp macro folder_of(path) as split_part(path, '/', -2);
create temp macro euros(amount, rate) as
    case when rate is null then amount else round(amount * rate, 6)::decimal(21, 6) end;
create temp macro quarter_of(day) as date_trunc('quarter', day)::date;

-- ---------------------------------------------------------------------------------------------- administration
create temp table chain as
select
    industry_key::int * 1000 + country_key::int as chain,
    industry_code as industry,
    country_code as country,
    lower(industry_code || '_' || country_code) as chain_code,
    retention_window_days::int as retention_window
from read_csv(getvariable('seeds') || '/industries.csv', all_varchar = true)
cross join read_csv(getvariable('seeds') || '/countries.csv', all_varchar = true);

create temp table partner as
select partners.partner_code, partners.industry, chain.chain
from read_csv(getvariable('landing') || '/chain/partners*.csv', all_varchar = true) as partners
left join chain on partners.industry = chain.industry and partners.country = chain.country;

create temp table rate as
select currency, (month || '-01')::date as month, eur_per_unit::decimal(18, 9) as eur_per_unit
from read_csv(getvariable('landing') || '/chain/exchange_rates*.csv', all_varchar = true);

-- ---------------------------------------------------------------------------------------------- the files, once
create temp table registered as
select
    partner.chain,
    partner.partner_code,
    customer_no,
    keyed('customer', partner_code || '|' || customer_no) as customer,
    keyed('email', email) as email,
    keyed('phone', phone) as phone,
    segment,
    since
from read_csv(
    [getvariable('landing') || '/dealer/*/customers*.csv', getvariable('landing') || '/shop/*/customers*.csv'],
    header = true, auto_detect = false, filename = true,
    columns = {
        'customer_no': 'varchar', 'name': 'varchar', 'email': 'varchar', 'phone': 'varchar', 'segment': 'varchar',
        'since': 'date'
    }
)
inner join partner on folder_of(filename) = partner.partner_code;

create temp table unit as
select serial_number, keyed('serial', serial_number) as serial
from read_parquet(getvariable('landing') || '/manufacturer/*/units_built*.parquet');

create temp table sale as
select
    registered.chain,
    registered.partner_code,
    registered.customer,
    unit.serial,
    order_kind = 'new' as is_new,
    delivered_on as day,
    euros(revenue, eur_per_unit) - euros(cost, eur_per_unit) as margin
from read_csv(
    getvariable('landing') || '/dealer/*/sales_orders*.csv', header = true, auto_detect = false, filename = true,
    columns = {
        'order_no': 'varchar', 'customer_no': 'varchar', 'serial_number': 'varchar', 'order_kind': 'varchar',
        'delivered_on': 'date', 'revenue': 'decimal(18, 2)', 'cost': 'decimal(18, 2)', 'currency': 'varchar'
    }
) as orders
inner join registered
    on folder_of(orders.filename) = registered.partner_code and orders.customer_no = registered.customer_no
inner join unit on orders.serial_number = unit.serial_number
left join rate on orders.currency = rate.currency and date_trunc('month', delivered_on) = rate.month;

create temp table service as
select
    registered.chain,
    registered.partner_code,
    registered.customer,
    unit.serial,
    completed_on as day,
    payer = 'customer' as is_paid,
    euros(revenue, eur_per_unit) - euros(cost, eur_per_unit) as margin
from read_csv(
    getvariable('landing') || '/dealer/*/service_orders*.csv', header = true, auto_detect = false, filename = true,
    columns = {
        'order_no': 'varchar', 'customer_no': 'varchar', 'serial_number': 'varchar', 'completed_on': 'date',
        'payer': 'varchar', 'revenue': 'decimal(18, 2)', 'cost': 'decimal(18, 2)', 'currency': 'varchar'
    }
) as orders
inner join registered
    on folder_of(orders.filename) = registered.partner_code and orders.customer_no = registered.customer_no
inner join unit on orders.serial_number = unit.serial_number
left join rate on orders.currency = rate.currency and date_trunc('month', completed_on) = rate.month;

-- a receipt without a card is nobody's
create temp table slip as
select
    row_number() over () as slip,
    registered.chain,
    registered.partner_code,
    registered.customer,
    receipt_kind = 'sale' as is_sale,
    product_code is not null as is_product,
    purchased_on as day,
    revenue,
    euros(revenue, eur_per_unit) - euros(cost, eur_per_unit) as margin
from read_csv(
    getvariable('landing') || '/shop/*/receipts*.csv', header = true, auto_detect = false, filename = true,
    columns = {
        'receipt_no': 'varchar', 'receipt_kind': 'varchar', 'purchased_on': 'date', 'loyalty_no': 'varchar',
        'product_code': 'varchar', 'revenue': 'decimal(18, 2)', 'cost': 'decimal(18, 2)', 'currency': 'varchar'
    }
) as receipts
inner join registered
    on folder_of(receipts.filename) = registered.partner_code and receipts.loyalty_no = registered.customer_no
left join rate on receipts.currency = rate.currency and date_trunc('month', purchased_on) = rate.month;

-- a return takes back the last purchase of its amount, at most 100 days before
create temp table taken_back as
select back.slip as back, sold.slip as sold, -sold.margin as margin
from slip as back
inner join slip as sold
    on
        back.partner_code = sold.partner_code and back.customer = sold.customer and -back.revenue = sold.revenue
        and back.day between sold.day and sold.day + 100
where not back.is_sale and sold.is_sale
qualify row_number() over (partition by back.slip order by sold.day desc, sold.slip) = 1;

create temp table receipt as
select
    slip.chain, slip.partner_code, slip.customer, slip.is_sale, slip.is_product, slip.day,
    coalesce(returns.margin, slip.margin) as margin,
    slip.is_sale and purchases.sold is null as is_kept
from slip
left join taken_back as returns on slip.slip = returns.back
left join (select distinct sold from taken_back) as purchases on slip.slip = purchases.sold;

create temp table contact as
select
    chain.chain,
    partner.partner_code,
    contact_id,
    opened_at::date as day,
    keyed('customer', caller.shop_code || '|' || caller.loyalty_no) as customer,
    keyed('email', caller.email) as email,
    keyed('phone', caller.phone) as phone,
    keyed('serial', caller.serial_number) as serial
from read_json(
    getvariable('landing') || '/contact_centre/*/contacts*.ndjson', format = 'newline_delimited', filename = true,
    columns = {
        'contact_id': 'varchar', 'country': 'varchar', 'opened_at': 'timestamp',
        'caller': 'struct(email varchar, phone varchar, serial_number varchar, shop_code varchar, loyalty_no varchar)'
    }
) as contacts
inner join partner on folder_of(filename) = partner.partner_code
inner join chain on partner.industry = chain.industry and contacts.country = chain.country;

create temp table brand_survey as
select
    chain.chain,
    partner.partner_code,
    sent_at::date as sent_on,
    keyed('email', email) as email,
    keyed('phone', phone) as phone,
    keyed('serial', serial_number) as serial,
    coalesce(disposition, 'delivered') = 'delivered' as is_delivered,
    answers.answered_at::date as answered_on,
    answers.recommend_score::int as score
from read_parquet(getvariable('landing') || '/manufacturer/*/survey_invitations*.parquet', filename = true) as asked
inner join partner on folder_of(asked.filename) = partner.partner_code
inner join chain on partner.industry = chain.industry and asked.country = chain.country
left join
    read_parquet(getvariable('landing') || '/manufacturer/*/survey_answers*.parquet', filename = true) as answers
    on folder_of(asked.filename) = folder_of(answers.filename) and asked.invitation_id = answers.invitation_id;

create temp table ownership_survey as
select
    partner.chain,
    partner.partner_code,
    sent_on,
    keyed('email', email) as email,
    keyed('phone', phone) as phone,
    keyed('serial', serial_number) as serial,
    answered_on,
    score
from read_csv(
    getvariable('landing') || '/importer/*/eigenaarsonderzoek*.csv', header = true, auto_detect = false,
    filename = true, delim = ';', dateformat = '%d-%m-%Y',
    columns = {
        'invitation_no': 'varchar', 'serial_number': 'varchar', 'email': 'varchar', 'phone': 'varchar',
        'sent_on': 'date', 'survey_mode': 'varchar', 'answered_on': 'date', 'score': 'int', 'still_owner': 'varchar'
    }
)
inner join partner on folder_of(filename) = partner.partner_code;

create temp table dealer_survey as
select
    registered.chain,
    registered.partner_code,
    sent_at::date as sent_on,
    registered.customer,
    answered_at::date as answered_on,
    score
from read_csv(
    [
        getvariable('landing') || '/dealer/*/post_sale_survey*.csv',
        getvariable('landing') || '/dealer/*/post_service_survey*.csv'
    ],
    header = true, auto_detect = false, filename = true,
    columns = {
        'invitation_no': 'varchar', 'order_no': 'varchar', 'customer_no': 'varchar', 'sent_at': 'timestamp',
        'survey_mode': 'varchar', 'answered_at': 'timestamp', 'score': 'int'
    }
) as surveys
inner join registered
    on folder_of(surveys.filename) = registered.partner_code and surveys.customer_no = registered.customer_no;

create temp table shop_survey as
select
    partner.chain,
    partner.partner_code,
    keyed('customer', partner.partner_code || '|' || loyalty_no) as customer,
    keyed('email', email) as email,
    answered_at::date as answered_on,
    score
from read_csv(
    getvariable('landing') || '/shop/*/survey*.csv', header = true, auto_detect = false, filename = true,
    columns = {
        'answer_no': 'varchar', 'answered_at': 'timestamp', 'receipt_no': 'varchar', 'loyalty_no': 'varchar',
        'email': 'varchar', 'survey_mode': 'varchar', 'score': 'int'
    }
)
inner join partner on folder_of(filename) = partner.partner_code;

create temp table contact_survey as
select folder_of(filename) as partner_code, contact_id, sent_at::date as sent_on, answered_at::date as answered_on, nps
from read_json(
    getvariable('landing') || '/contact_centre/*/surveys*.ndjson', format = 'newline_delimited', filename = true,
    columns = {'contact_id': 'varchar', 'sent_at': 'timestamp', 'answered_at': 'timestamp', 'nps': 'int'}
);

create temp table claim as
select chain.chain, keyed('serial', serial_number) as serial, claimed_on::date as day
from read_parquet(getvariable('landing') || '/manufacturer/*/warranty_claims*.parquet', filename = true) as claims
inner join partner on folder_of(filename) = partner.partner_code
inner join chain on partner.industry = chain.industry and claims.country = chain.country;

-- ---------------------------------------------------------------------------------------------- who is who
-- A unit in one owner's hands is an identity; sold on, it is another one.
create temp table ownership as
select
    serial,
    serial + row_number() over (partition by serial order by day) as unit,
    row_number() over (partition by serial order by day) as owner_number,
    customer,
    chain,
    day as owned_from,
    coalesce(lead(day) over (partition by serial order by day) - 1, date '2100-12-31') as owned_to
from sale;

create temp table contact_owned as
select contact.*, contact.serial + coalesce(ownership.owner_number, 0) as unit
from contact
left join ownership
    on contact.serial = ownership.serial and contact.day between ownership.owned_from and ownership.owned_to;

create temp table brand_owned as
select brand_survey.*, ownership.owner_number, brand_survey.serial + coalesce(ownership.owner_number, 0) as unit
from brand_survey
left join ownership
    on
        brand_survey.serial = ownership.serial
        and brand_survey.sent_on between ownership.owned_from and ownership.owned_to;

create temp table ownership_survey_owned as
select ownership_survey.*, ownership.owner_number, ownership_survey.serial + coalesce(ownership.owner_number, 0) as unit
from ownership_survey
left join ownership
    on
        ownership_survey.serial = ownership.serial
        and ownership_survey.sent_on between ownership.owned_from and ownership.owned_to;

create temp table edge as
with records as (
    select customer, email, phone, null::bigint as unit from registered
    union all
    select customer, null, null, unit from ownership
    union all
    select service.customer, null, null, service.serial + coalesce(ownership.owner_number, 0)
    from (select distinct customer, serial, day from service) as service
    left join ownership
        on service.serial = ownership.serial and service.day between ownership.owned_from and ownership.owned_to
    union all
    select null, email, phone, case when coalesce(owner_number, 0) <= 1 then unit end from brand_owned
    union all
    select null, email, phone, case when coalesce(owner_number, 0) <= 1 then unit end from ownership_survey_owned
    union all
    select customer, email, null, null from shop_survey
    union all
    select customer, email, phone, unit from contact_owned
)
-- the identities of a record hang together: a chain of them says as much as all pairs
select distinct least(a, b) as a, greatest(a, b) as b
from (
    select unnest([customer, email, phone]) as a, unnest([
        coalesce(email, phone, unit), coalesce(phone, unit), unit
    ]) as b
    from records
)
where a is not null and b is not null;

-- Every identity moves to the smallest one it is tied to, and the ties that are left are tied anew, until none is left.

create temp table move_1 as
select node, min(other) as label
from (select a as node, a as other from edge union all select b, a from edge)
group by node;

create temp table edge_2 as
select distinct least(moved_a.label, moved_b.label) as a, greatest(moved_a.label, moved_b.label) as b
from edge as edges
inner join move_1 as moved_a on edges.a = moved_a.node
inner join move_1 as moved_b on edges.b = moved_b.node
where moved_a.label != moved_b.label;

create temp table move_2 as
select node, min(other) as label
from (select a as node, a as other from edge_2 union all select b, a from edge_2)
group by node;

create temp table edge_3 as
select distinct least(moved_a.label, moved_b.label) as a, greatest(moved_a.label, moved_b.label) as b
from edge_2 as edges
inner join move_2 as moved_a on edges.a = moved_a.node
inner join move_2 as moved_b on edges.b = moved_b.node
where moved_a.label != moved_b.label;

create temp table move_3 as
select node, min(other) as label
from (select a as node, a as other from edge_3 union all select b, a from edge_3)
group by node;

create temp table edge_4 as
select distinct least(moved_a.label, moved_b.label) as a, greatest(moved_a.label, moved_b.label) as b
from edge_3 as edges
inner join move_3 as moved_a on edges.a = moved_a.node
inner join move_3 as moved_b on edges.b = moved_b.node
where moved_a.label != moved_b.label;

create temp table move_4 as
select node, min(other) as label
from (select a as node, a as other from edge_4 union all select b, a from edge_4)
group by node;

create temp table edge_5 as
select distinct least(moved_a.label, moved_b.label) as a, greatest(moved_a.label, moved_b.label) as b
from edge_4 as edges
inner join move_4 as moved_a on edges.a = moved_a.node
inner join move_4 as moved_b on edges.b = moved_b.node
where moved_a.label != moved_b.label;

create temp table move_5 as
select node, min(other) as label
from (select a as node, a as other from edge_5 union all select b, a from edge_5)
group by node;

create temp table edge_6 as
select distinct least(moved_a.label, moved_b.label) as a, greatest(moved_a.label, moved_b.label) as b
from edge_5 as edges
inner join move_5 as moved_a on edges.a = moved_a.node
inner join move_5 as moved_b on edges.b = moved_b.node
where moved_a.label != moved_b.label;

select case when count(*) > 0 then error('identities are tied further than the limit follows') end from edge_6;

create temp table person as
select
    move_1.node,
    coalesce(move_5.label, move_4.label, move_3.label, move_2.label, move_1.label) as customer
from move_1
left join move_2 on move_1.label = move_2.node
left join move_3 on move_2.label = move_3.node
left join move_4 on move_3.label = move_4.node
left join move_5 on move_4.label = move_5.node;

-- ---------------------------------------------------------------------------------------------- events by customer
create temp table bought as
select
    sale.chain, partner_code, coalesce(person.customer, sale.customer) as customer, day, margin,
    true as is_kept, is_new as meets_maker, is_new as meets_importer
from sale
left join person on sale.customer = person.node
union all
select
    service.chain, partner_code, coalesce(person.customer, service.customer), day, margin, is_paid,
    false, false
from service
left join person on service.customer = person.node
union all
select
    receipt.chain, partner_code, coalesce(person.customer, receipt.customer), day, margin, is_kept,
    is_sale and is_product, false
from receipt
left join person on receipt.customer = person.node;

create temp table called as
select
    contact_owned.chain,
    partner_code,
    contact_id,
    day,
    coalesce(
        by_card.customer, contact_owned.customer, by_email.customer, email, by_phone.customer, phone,
        by_unit.customer, unit
    ) as customer
from contact_owned
left join person as by_card on contact_owned.customer = by_card.node
left join person as by_email on contact_owned.email = by_email.node
left join person as by_phone on contact_owned.phone = by_phone.node
left join person as by_unit on contact_owned.unit = by_unit.node;

create temp table owned as
select ownership.serial, coalesce(person.customer, ownership.customer) as customer, chain, owned_from, owned_to
from ownership
left join person on ownership.customer = person.node;

-- asked: a row per invitation, with the answer on it; a shop asks everybody and writes down who answered
create temp table asked as
with addressed as (
    select 'manufacturer' as link, chain, partner_code, sent_on, email, phone, unit, is_delivered, answered_on, score
    from brand_owned
    union all
    select 'importer', chain, partner_code, sent_on, email, phone, unit, true, answered_on, score
    from ownership_survey_owned
)
select
    link, chain, partner_code, sent_on, is_delivered, answered_on, score,
    coalesce(by_email.customer, email, by_phone.customer, phone, by_unit.customer, unit) as customer
from addressed
left join person as by_email on addressed.email = by_email.node
left join person as by_phone on addressed.phone = by_phone.node
left join person as by_unit on addressed.unit = by_unit.node
union all
select
    'dealer', chain, partner_code, sent_on, true, answered_on, score,
    coalesce(person.customer, dealer_survey.customer)
from dealer_survey
left join person on dealer_survey.customer = person.node
union all
select 'contact_centre', called.chain, called.partner_code, sent_on, true, answered_on, nps, called.customer
from contact_survey
inner join called
    on contact_survey.partner_code = called.partner_code and contact_survey.contact_id = called.contact_id;

create temp table response as
select
    row_number() over () as response,
    *,
    case when score >= 9 then 'promoter' when score >= 7 then 'passive' else 'detractor' end as category
from (
    select link, chain, partner_code, customer, answered_on as day, score
    from asked
    where score is not null
    union all
    select
        'shop', chain, partner_code, coalesce(by_card.customer, shop_survey.customer, by_email.customer, email),
        answered_on, score
    from shop_survey
    left join person as by_card on shop_survey.customer = by_card.node
    left join person as by_email on shop_survey.email = by_email.node
);

set variable as_of = (
    select max(day) from (
        select max(day) as day from bought
        union all
        select max(day) from called
        union all
        select max(day) from response
    )
);
set variable trailing_to = quarter_of(getvariable('as_of') + 1) - 1;
set variable trailing_from = (getvariable('trailing_to') + 1 - interval 1 year)::date;

-- ---------------------------------------------------------------------------------------------- NPS
create temp table cell as
with counted as (
    select
        chain, link, partner_code, quarter_of(sent_on) as quarter_start_on,
        count(*) as invitations,
        count(*) filter (where is_delivered) as delivered,
        count(*) filter (where is_delivered and score is not null) as answered,
        0 as responses, 0 as promoters, 0 as passives, 0 as detractors
    from asked
    group by all
    union all
    select
        chain, link, partner_code, quarter_of(day), 0, 0, 0,
        count(*),
        count(*) filter (where category = 'promoter'),
        count(*) filter (where category = 'passive'),
        count(*) filter (where category = 'detractor')
    from response
    group by all
)
select
    chain, link, partner_code, quarter_start_on,
    sum(invitations)::bigint as invitations,
    sum(delivered)::bigint as delivered,
    sum(answered)::bigint as answered,
    sum(responses)::bigint as responses,
    sum(promoters)::bigint as promoters,
    sum(passives)::bigint as passives,
    sum(detractors)::bigint as detractors
from counted
group by all;

create temp macro nps_of(promoters, detractors, responses) as 100 * (promoters - detractors) / responses::double;
create temp macro adjusted_nps(promoters, detractors, responses) as
    100 * (promoters - detractors) / (responses + 3.0)::double;
create temp macro adjusted_se(promoters, detractors, responses) as
    100 * sqrt(
        (
            (promoters + detractors + 1.5)::double / (responses + 3)
            - ((promoters - detractors)::double / (responses + 3)) ** 2
        ) / (responses + 3)
    );
create temp macro low_of(promoters, detractors, responses) as
    greatest(
        -100,
        adjusted_nps(promoters, detractors, responses)
        - 1.959964 * adjusted_se(promoters, detractors, responses)
    );
create temp macro high_of(promoters, detractors, responses) as
    least(
        100,
        adjusted_nps(promoters, detractors, responses)
        + 1.959964 * adjusted_se(promoters, detractors, responses)
    );

create table nps_by_partner as
select
    chain_code, link as link_code, partner_code, quarter_start_on,
    case when sum(invitations) over (partition by cell.chain, link, partner_code) > 0 then invitations end
        as invitations,
    answered / nullif(delivered, 0) as response_rate,
    responses, promoters, passives, detractors,
    case when responses > 0 then nps_of(promoters, detractors, responses) end as nps,
    case when responses > 0 then low_of(promoters, detractors, responses) end as nps_ci_low,
    case when responses > 0 then high_of(promoters, detractors, responses) end as nps_ci_high
from cell
inner join chain on cell.chain = chain.chain;

create table nps_by_link as
with added as (
    select
        chain, link, quarter_start_on,
        sum(invitations)::bigint as invitations, sum(delivered)::bigint as delivered, sum(answered)::bigint as answered,
        sum(responses)::bigint as responses, sum(promoters)::bigint as promoters, sum(passives)::bigint as passives,
        sum(detractors)::bigint as detractors
    from cell
    group by all
)
select
    chain_code, link as link_code, quarter_start_on,
    case when sum(invitations) over (partition by added.chain, link) > 0 then invitations end as invitations,
    answered / nullif(delivered, 0) as response_rate,
    responses, promoters, passives, detractors,
    case when responses > 0 then nps_of(promoters, detractors, responses) end as nps,
    case when responses > 0 then low_of(promoters, detractors, responses) end as nps_ci_low,
    case when responses > 0 then high_of(promoters, detractors, responses) end as nps_ci_high
from added
inner join chain on added.chain = chain.chain;

-- ---------------------------------------------------------------------------------------------- retention
create temp table followed as
with ends as (
    select response, max(owned_to) as ended_on
    from response
    inner join owned
        on
            response.customer = owned.customer and response.chain = owned.chain
            and response.day >= owned_from and response.day < owned_to
    group by response
),

anchored as (
    select
        response.*,
        case when ended_on < getvariable('as_of') then ended_on else getvariable('as_of') end as followed_to
    from response
    left join ends on response.response = ends.response
    where response.customer is not null and response.day < getvariable('as_of')
),

next_bought as (
    select
        anchored.response,
        min(bought.day) as in_chain,
        min(bought.day) filter (where bought.partner_code = anchored.partner_code) as at_partner
    from bought
    inner join anchored
        on
            bought.customer = anchored.customer and bought.chain = anchored.chain
            and bought.day > anchored.day and bought.day <= anchored.followed_to
    where is_kept
    group by anchored.response
),

measured as (
    select anchored.*, 'chain' as measure, in_chain as event_on
    from anchored
    left join next_bought on anchored.response = next_bought.response
    union all
    select anchored.*, 'partner', at_partner
    from anchored
    left join next_bought on anchored.response = next_bought.response
    where link in ('dealer', 'shop')
)

select
    response, chain, link, customer, category, day, measure,
    coalesce(event_on, followed_to) - day as duration,
    event_on is not null as is_event
from measured
where coalesce(event_on, followed_to) > day;

create temp table curve as
with exits as (
    select
        chain, link, category, measure, duration,
        count(*) filter (where is_event) as events,
        count(*) filter (where not is_event) as censored
    from followed
    group by all
),

at_risk as (
    select
        *,
        sum(events + censored) over (
            partition by chain, link, category, measure order by duration desc
        ) as at_risk
    from exits
)

select
    *,
    case when events = at_risk then 0 else exp(sum(ln(nullif(at_risk - events, 0) / at_risk::double)) over so_far) end
        as survival,
    sum(events / at_risk::double / nullif(at_risk - events, 0)) over so_far as greenwood,
    -- of being censored later: who returns on a day can't be censored on it
    coalesce(
        exp(sum(
            case when at_risk - events > censored then ln(1 - censored / (at_risk - events)::double) end
        ) over before),
        1
    ) as uncensored
from at_risk
window
    so_far as (partition by chain, link, category, measure order by duration),
    before as (
        partition by chain, link, category, measure order by duration
        rows between unbounded preceding and 1 preceding
    );

create table retention as
with cut as (
    select curve.*, chain_code, horizon_days::int as horizon_days
    from curve
    inner join chain on curve.chain = chain.chain
    inner join read_csv(getvariable('seeds') || '/retention_horizons.csv', all_varchar = true) as horizons
        on chain.industry = horizons.industry_code
),

added as (
    select
        chain_code, link as link_code, category as nps_category, measure as retention_measure, horizon_days,
        sum(events + censored)::bigint as at_risk_at_start,
        coalesce(sum(events + censored) filter (where duration >= horizon_days), 0)::bigint as at_risk_at_horizon,
        coalesce(sum(events) filter (where duration <= horizon_days), 0)::bigint as events,
        coalesce(sum(censored) filter (where duration < horizon_days), 0)::bigint as censored,
        coalesce(arg_max(survival, duration) filter (where duration <= horizon_days), 1) as survival,
        coalesce(arg_max(greenwood, duration) filter (where duration <= horizon_days), 0) as greenwood
    from cut
    group by all
)

select
    chain_code, link_code, nps_category, retention_measure, horizon_days,
    at_risk_at_start, at_risk_at_horizon, events, censored,
    case when at_risk_at_horizon > 0 or survival = 0 then 1 - survival end as retention,
    case when at_risk_at_horizon > 0 then nullif(survival, 0) * sqrt(greenwood) end as retention_se
from added;

-- ---------------------------------------------------------------------------------------------- what is at stake
create temp table known as
with signs as (
    select coalesce(person.customer, registered.customer) as customer, chain, since as day, segment
    from registered
    left join person on registered.customer = person.node
    union all
    select customer, chain, min(day), null from bought group by all
    union all
    select customer, chain, day, null from called where customer is not null
    union all
    select customer, chain, sent_on, null from asked where customer is not null
    union all
    select customer, chain, day, null from response where customer is not null
)
select customer, chain, min(day) as first_on, coalesce(min(segment), 'unknown') as segment
from signs
group by customer, chain;

create temp macro band_of(days) as case when days < 365 then 1 when days < 1095 then 2 else 3 end;

create temp table bucket as
with margin as (
    select response, sum(margin) as margin
    from followed
    inner join chain on followed.chain = chain.chain
    inner join bought
        on
            followed.customer = bought.customer and followed.chain = bought.chain and bought.day > followed.day
            and bought.day <= followed.day + retention_window
    where
        measure = 'chain' and is_event and followed.duration <= retention_window and is_kept
        and followed.day + retention_window <= getvariable('as_of')
    group by response
),

scored as (
    select
        followed.chain, followed.link, followed.category, followed.customer, segment,
        band_of(followed.day - first_on) as band,
        followed.day between getvariable('trailing_from') and getvariable('trailing_to') as is_trailing,
        case when is_event and followed.duration <= retention_window then round(1e9 / uncensored) else 0 end as retained,
        margin
    from followed
    inner join chain on followed.chain = chain.chain
    left join margin on followed.response = margin.response
    inner join known on followed.customer = known.customer and followed.chain = known.chain
    inner join curve
        on
            followed.chain = curve.chain and followed.link = curve.link and followed.category = curve.category
            and curve.measure = 'chain' and followed.duration = curve.duration
    where followed.measure = 'chain'
),

met as (
    select chain, case when chain < 2000 then 'dealer' else 'shop' end as link, customer, day from bought
    union all
    select chain, 'manufacturer', customer, day from bought where meets_maker
    union all
    select chain, 'importer', customer, day from bought where meets_importer
    union all
    select chain, 'contact_centre', customer, day from called where customer is not null
    union all
    select chain, link, customer, sent_on from asked where customer is not null
    union all
    select claim.chain, 'manufacturer', owned.customer, day
    from claim
    inner join owned on claim.serial = owned.serial and claim.day between owned_from and owned_to
),

exposed as (
    select
        met.chain, link, customer,
        max(day) as last_on
    from met
    where day between getvariable('trailing_from') and getvariable('trailing_to')
    group by met.chain, link, customer
),

stacked as (
    select
        chain, link, band, segment, customer % 1000 as bucket,
        0 as exposed, count(margin) as retained_with_margin,
        (coalesce(sum(margin), 0) * 1000000)::bigint as margin,
        count(*) filter (where category = 'promoter') as promoters,
        count(*) filter (where category = 'passive') as passives,
        count(*) filter (where category = 'detractor') as detractors,
        count(*) filter (where is_trailing and category = 'promoter') as trailing_promoters,
        count(*) filter (where is_trailing and category = 'passive') as trailing_passives,
        count(*) filter (where is_trailing and category = 'detractor') as trailing_detractors,
        coalesce(sum(retained) filter (where category = 'promoter'), 0) as retained_promoters,
        coalesce(sum(retained) filter (where category = 'passive'), 0) as retained_passives,
        coalesce(sum(retained) filter (where category = 'detractor'), 0) as retained_detractors
    from scored
    group by all

    union all

    select
        exposed.chain, link, band_of(last_on - first_on), segment,
        exposed.customer % 1000,
        count(*),
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
    from exposed
    inner join known on exposed.customer = known.customer and exposed.chain = known.chain
    group by all
)

-- whole numbers below 2^53: doubles add them exactly, and fast
select
    chain, link, band, segment, bucket,
    sum(exposed)::double as exposed,
    sum(retained_with_margin)::double as retained_with_margin,
    sum(margin)::double as margin,
    sum(promoters)::double as promoters,
    sum(passives)::double as passives,
    sum(detractors)::double as detractors,
    sum(trailing_promoters)::double as trailing_promoters,
    sum(trailing_passives)::double as trailing_passives,
    sum(trailing_detractors)::double as trailing_detractors,
    sum(retained_promoters)::double as retained_promoters,
    sum(retained_passives)::double as retained_passives,
    sum(retained_detractors)::double as retained_detractors
from stacked
group by all;

-- ---------------------------------------------------------------------------------------------- the bootstrap
create temp macro mixed(x, multiplier, addend) as
    (((x * x) % 2147483647) * multiplier + x * addend + addend) % 2147483647;

create temp table weight as
with draws as (
    select
        replicate, bucket,
        mixed(mixed(mixed(
            ((bucket + 1) * 1103515245 + replicate * 362437069) % 2147483647, 48271, 69621
        ), 16807, 39373), 40692, 45991) / 2147483647 as u
    from range(1, 401) as replicates(replicate), range(1000) as buckets(bucket)
),

poisson as (
    select
        k,
        sum(exp(-1) / factorial(k::int)) over (order by k) as reached
    from range(10) as ks(k)
),

quantile as (select list(reached order by k) as reached from poisson)

select replicate, list(len(list_filter(reached, lambda r: u >= r)) order by bucket)::double[1000] as weights
from draws, quantile
group by replicate
union all
select 0, list_transform(range(1000), lambda bucket: 1)::double[1000];

-- a vector over the buckets for each figure of a stratum, so that a replicate is an inner product
create temp table vector as
with strata as (
    select distinct chain, link, band, segment from bucket
)
select
    strata.chain, strata.link, strata.band, strata.segment,
    list(coalesce(exposed, 0) order by buckets.bucket)::double[1000] as exposed,
    list(coalesce(retained_with_margin, 0) order by buckets.bucket)::double[1000] as retained_with_margin,
    list(coalesce(margin, 0) order by buckets.bucket)::double[1000] as margin,
    list(coalesce(promoters, 0) order by buckets.bucket)::double[1000] as promoters,
    list(coalesce(passives, 0) order by buckets.bucket)::double[1000] as passives,
    list(coalesce(detractors, 0) order by buckets.bucket)::double[1000] as detractors,
    list(coalesce(trailing_promoters, 0) order by buckets.bucket)::double[1000] as trailing_promoters,
    list(coalesce(trailing_passives, 0) order by buckets.bucket)::double[1000] as trailing_passives,
    list(coalesce(trailing_detractors, 0) order by buckets.bucket)::double[1000] as trailing_detractors,
    list(coalesce(retained_promoters, 0) order by buckets.bucket)::double[1000] as retained_promoters,
    list(coalesce(retained_passives, 0) order by buckets.bucket)::double[1000] as retained_passives,
    list(coalesce(retained_detractors, 0) order by buckets.bucket)::double[1000] as retained_detractors
from strata
cross join range(1000) as buckets(bucket)
left join bucket
    on
        strata.chain = bucket.chain and strata.link = bucket.link and strata.band = bucket.band
        and strata.segment = bucket.segment and buckets.bucket = bucket.bucket
group by all;

create temp table stratum as
select
    chain, link, band, segment, replicate,
    array_inner_product(weights, exposed) as exposed,
    array_inner_product(weights, retained_with_margin) as retained_with_margin,
    array_inner_product(weights, margin) as margin,
    array_inner_product(weights, promoters) as promoters,
    array_inner_product(weights, passives) as passives,
    array_inner_product(weights, detractors) as detractors,
    array_inner_product(weights, trailing_promoters) as trailing_promoters,
    array_inner_product(weights, trailing_passives) as trailing_passives,
    array_inner_product(weights, trailing_detractors) as trailing_detractors,
    array_inner_product(weights, retained_promoters) as retained_promoters,
    array_inner_product(weights, retained_passives) as retained_passives,
    array_inner_product(weights, retained_detractors) as retained_detractors
from vector
cross join weight;

create temp table replicate as
with whole as (
    select
        chain, link, replicate,
        sum(exposed) as exposed,
        sum(retained_with_margin) as retained_with_margin,
        sum(margin) as margin,
        sum(promoters) as promoters,
        sum(passives) as passives,
        sum(detractors) as detractors,
        sum(trailing_promoters) as trailing_promoters,
        sum(trailing_passives) as trailing_passives,
        sum(trailing_detractors) as trailing_detractors,
        sum(retained_promoters) as retained_promoters,
        sum(retained_passives) as retained_passives,
        sum(retained_detractors) as retained_detractors
    from stratum
    group by chain, link, replicate
),

base as (
    select
        chain, link, band, segment,
        promoters >= 5 as has_promoters,
        passives >= 5 as has_passives,
        detractors >= 5 as has_detractors,
        trailing_promoters + trailing_passives + trailing_detractors >= 5 as has_mix
    from stratum
    where replicate = 0
),

rates as (
    select
        stratum.*,
        whole.exposed as all_exposed,
        whole.retained_with_margin as buyers,
        whole.margin / 1000000 / nullif(whole.retained_with_margin, 0) as margin_per_retained,
        case when has_promoters and stratum.promoters > 0 then stratum.retained_promoters / stratum.promoters
            else whole.retained_promoters / nullif(whole.promoters, 0) end / 1e9 as promoter_retention,
        case when has_passives and stratum.passives > 0 then stratum.retained_passives / stratum.passives
            else whole.retained_passives / nullif(whole.passives, 0) end / 1e9 as passive_retention,
        case when has_detractors and stratum.detractors > 0 then stratum.retained_detractors / stratum.detractors
            else whole.retained_detractors / nullif(whole.detractors, 0) end / 1e9 as detractor_retention,
        case when has_mix and stratum.trailing_promoters + stratum.trailing_passives + stratum.trailing_detractors > 0
            then [stratum.trailing_promoters, stratum.trailing_passives, stratum.trailing_detractors]
            else [whole.trailing_promoters, whole.trailing_passives, whole.trailing_detractors] end as mix
    from stratum
    inner join base
        on
            stratum.chain = base.chain and stratum.link = base.link and stratum.band = base.band
            and stratum.segment = base.segment
    inner join whole
        on stratum.chain = whole.chain and stratum.link = whole.link and stratum.replicate = whole.replicate
)

select
    chain, link, replicate,
    max(all_exposed) as exposed,
    max(buyers) as buyers,
    max(margin_per_retained) as margin_per_retained,
    sum(
        exposed * (
            promoter_retention
            - (
                mix[1] * promoter_retention + coalesce(mix[2] * passive_retention, 0)
                + coalesce(mix[3] * detractor_retention, 0)
            ) / nullif(list_sum(mix), 0)
        )
    ) as lost
from rates
where exposed > 0
group by chain, link, replicate;

-- ---------------------------------------------------------------------------------------------- the verdict
create table weakest_link as
with followed_category as (
    select
        followed.chain, link, category,
        count(*) as responses,
        count(*) filter (
            where day between getvariable('trailing_from') and getvariable('trailing_to')
        ) as trailing_responses,
        max(duration) >= any_value(retention_window) or bool_and(is_event) as is_known
    from followed
    inner join chain on followed.chain = chain.chain
    where measure = 'chain'
    group by followed.chain, link, category
),

sufficient as (
    select chain, link
    from followed_category
    group by chain, link
    having
        sum(responses) >= 30
        and sum(trailing_responses) >= 10
        and coalesce(sum(responses) filter (where category = 'promoter'), 0) >= 10
        and coalesce(sum(responses) filter (where category = 'detractor'), 0) >= 10
        and coalesce(sum(responses) filter (where category = 'passive'), 10) >= 10
        and bool_and(is_known)
),

compared as (
    select
        replicate.*,
        lost / exposed as excess_loss,
        lost * margin_per_retained as value_at_stake,
        list_position(['manufacturer', 'importer', 'dealer', 'shop', 'contact_centre'], link) as place
    from replicate
    semi join sufficient on replicate.chain = sufficient.chain and replicate.link = sufficient.link
),

estimated as (
    select * from compared where replicate = 0 and exposed >= 10 and buyers >= 10
),

ranked as (
    select
        compared.*,
        value_at_stake > 0
        and row_number() over (partition by chain, replicate order by value_at_stake desc, place) = 1 as is_largest
    from compared
    semi join estimated on compared.chain = estimated.chain and compared.link = estimated.link
    where replicate > 0
),

shares as (
    select
        chain, link, place,
        count(*) filter (where is_largest) / count(*)::double as p_weakest,
        count(*) filter (where is_largest) as wins,
        count(*) as replicates,
        quantile_cont(value_at_stake, 0.025) as value_at_stake_ci_low_eur,
        quantile_cont(value_at_stake, 0.975) as value_at_stake_ci_high_eur,
        quantile_cont(excess_loss, 0.025) as excess_loss_ci_low,
        quantile_cont(excess_loss, 0.975) as excess_loss_ci_high
    from ranked
    group by chain, link, place
),

cumulated as (
    select
        *,
        count(*) over (partition by chain) as links,
        -- whole numbers: 0.7 + 0.1 is less than 0.8
        sum(wins) over (partition by chain) as wins_any,
        coalesce(sum(wins) over (
            partition by chain order by wins desc, place rows between unbounded preceding and 1 preceding
        ), 0) as wins_ahead
    from shares
),

trailing_counts as (
    select
        chain, link,
        sum(responses)::bigint as responses, sum(promoters)::bigint as promoters, sum(detractors)::bigint as detractors
    from cell
    where quarter_start_on between getvariable('trailing_from') and getvariable('trailing_to')
    group by chain, link
)

select
    chain_code,
    trailing_counts.link as link_code,
    trailing_counts.responses,
    nps_of(promoters, detractors, responses) as nps,
    low_of(promoters, detractors, responses) as nps_ci_low,
    high_of(promoters, detractors, responses) as nps_ci_high,
    coalesce(everybody.exposed, 0)::bigint as exposed_customers,
    estimated.excess_loss,
    estimated.margin_per_retained as margin_per_retained_eur,
    estimated.value_at_stake as value_at_stake_eur,
    p_weakest,
    value_at_stake_ci_low_eur,
    value_at_stake_ci_high_eur,
    excess_loss_ci_low,
    excess_loss_ci_high,
    case
        when coalesce(links, 0) < 2 or wins_any * 10 < replicates * 8 then 'cannot_tell'
        when wins * 10 >= replicates * 8 then 'weakest'
        when wins_ahead * 10 < replicates * 8 then 'candidate'
        else 'not_weakest'
    end as verdict
from trailing_counts
inner join chain on trailing_counts.chain = chain.chain
left join replicate as everybody
    on
        trailing_counts.chain = everybody.chain and trailing_counts.link = everybody.link
        and everybody.replicate = 0
left join estimated on trailing_counts.chain = estimated.chain and trailing_counts.link = estimated.link
left join cumulated on trailing_counts.chain = cumulated.chain and trailing_counts.link = cumulated.link
where responses > 0;
