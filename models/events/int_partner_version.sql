with

listed as (

    select * from {{ ref('stg_chain__partners') }}

),

partner_codes as (

    select * from {{ ref('int_partner_code') }}

),

snapshots as (

    select * from {{ ref('stg_importer__dealer_network') }}

),

active_listings as (

    select distinct
        dealer_code,
        partner_code,
        date_trunc('month', snapshot_on) as listed_month
    from snapshots
    where status = 'active'

),

-- A dealer that moves stands in two importers' lists: the one where it is active that month counts.
one_snapshot_a_day as (

    select
        dealer_code as partner_code,
        snapshot_on,
        partner_code as parent_partner_code,
        dealer_name as partner_name,
        owner_name,
        status
    from snapshots
    where
        status = 'active'
        or not exists (
            select 1
            from active_listings
            where
                active_listings.dealer_code = snapshots.dealer_code
                and active_listings.partner_code != snapshots.partner_code
                and active_listings.listed_month = date_trunc('month', snapshots.snapshot_on)
        )
    qualify row_number() over (
        partition by dealer_code, snapshot_on
        order by case when status = 'closed' then 1 else 0 end, partner_code
    ) = 1

),

compared as (

    select
        *,
        concat_ws('|', parent_partner_code, partner_name, coalesce(owner_name, ''), coalesce(status, '')) as state,
        lag(concat_ws('|', parent_partner_code, partner_name, coalesce(owner_name, ''), coalesce(status, '')))
            over (partition by partner_code order by snapshot_on) as previous_state
    from one_snapshot_a_day

),

first_listed as (

    select
        partner_code,
        min(valid_from) as first_valid_from,
        -- open where any version is open
        case when count(*) = count(valid_to) then max(valid_to) end as last_valid_to
    from listed
    group by partner_code

),

snapshot_changes as (

    select
        compared.partner_code,
        compared.partner_name,
        compared.parent_partner_code,
        compared.owner_name,
        coalesce(compared.status, 'active') as status,
        case
            when compared.previous_state is null and first_listed.first_valid_from < compared.snapshot_on
                then first_listed.first_valid_from
            else compared.snapshot_on
        end as valid_from
    from compared
    inner join first_listed on compared.partner_code = first_listed.partner_code
    where compared.previous_state is null or compared.previous_state != compared.state

),

snapshot_versions as (

    select
        *,
        {{ add_days('lead(valid_from) over (partition by partner_code order by valid_from)', -1) }} as valid_to
    from snapshot_changes

),

listed_versions as (

    select
        partner_code,
        partner_name,
        parent_partner_code,
        owner_name,
        'active' as status,
        valid_from,
        valid_to
    from listed
    where partner_code not in (select one_snapshot_a_day.partner_code from one_snapshot_a_day)

),

versions as (

    select
        partner_code,
        partner_name,
        parent_partner_code,
        owner_name,
        status,
        valid_from,
        valid_to
    from snapshot_versions
    union all
    select
        partner_code,
        partner_name,
        parent_partner_code,
        owner_name,
        status,
        valid_from,
        valid_to
    from listed_versions

)

select
    {{ hash_52("concat_ws('|', versions.partner_code, cast(versions.valid_from as " ~ dbt.type_string() ~ "))") }}
        as partner_key,
    versions.partner_code,
    partner_codes.link_key,
    partner_codes.industry_key,
    partner_codes.country_key,
    {{ chain_key('partner_codes.industry_key', 'partner_codes.country_key') }} as chain_key,
    versions.partner_name,
    versions.parent_partner_code,
    versions.owner_name,
    versions.status,
    versions.valid_from,
    coalesce(
        versions.valid_to,
        case when first_listed.last_valid_to >= versions.valid_from then first_listed.last_valid_to end
    ) as valid_to,
    row_number() over (partition by versions.partner_code order by versions.valid_from desc) = 1 as is_current,
    -- Every event must find one version: the first reaches back and each lasts until the next begins.
    case
        when row_number() over (partition by versions.partner_code order by versions.valid_from) = 1
            then cast('1900-01-01' as date)
        else versions.valid_from
    end as assigned_from,
    coalesce(
        {{ add_days(
            'lead(versions.valid_from) over (partition by versions.partner_code order by versions.valid_from)', -1
        ) }},
        cast('9999-12-31' as date)
    ) as assigned_to
from versions
inner join partner_codes on versions.partner_code = partner_codes.partner_code
inner join first_listed on versions.partner_code = first_listed.partner_code
