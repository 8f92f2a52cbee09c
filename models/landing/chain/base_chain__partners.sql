with recursive

{{ parsed_rows('chain__partners') }},

{{ matched_rows('chain__partners') }},

{{ judged_rows('chain__partners', into='standing', rules=allowed('time_zone', var('time_zones')) + [
    ['closed_before_opened:valid_to', 'valid_to < valid_from'],
]) }},

versions as (

    select
        row_key,
        partner_code,
        parent_partner_code,
        valid_from,
        {{ open_end('valid_to') }} as valid_to
    from standing
    where reject_reason is null

),

-- a parent whose own row is refused is known all the same: one mistake there takes no network with it
partner_codes as (

    select distinct partner_code from standing

),

overlapping as (

    select distinct versions.row_key
    from versions
    inner join versions as earlier
        on
            versions.partner_code = earlier.partner_code
            and versions.valid_from > earlier.valid_from
            and versions.valid_from <= earlier.valid_to

),

-- the ancestors of every version on the days it is valid
ancestors as (

    select
        row_key,
        partner_code,
        valid_from,
        valid_to,
        parent_partner_code as ancestor_code,
        1 as steps
    from versions

    union all

    select
        ancestors.row_key,
        ancestors.partner_code,
        greatest(ancestors.valid_from, versions.valid_from) as valid_from,
        least(ancestors.valid_to, versions.valid_to) as valid_to,
        versions.parent_partner_code as ancestor_code,
        ancestors.steps + 1 as steps
    from ancestors
    inner join versions
        on
            ancestors.ancestor_code = versions.partner_code
            and ancestors.valid_from <= versions.valid_to
            and ancestors.valid_to >= versions.valid_from
    where ancestors.steps < {{ var('max_hierarchy_depth') }}

),

in_cycle as (

    select distinct row_key
    from ancestors
    where ancestor_code = partner_code

),

final as (

    select
        standing.{{ base_columns('chain__partners') | join(',\n        standing.') }},
        case
            when standing.reject_reason is not null then standing.reject_reason
            when standing.parent_partner_code is not null and partner_codes.partner_code is null
                then 'unknown_partner:parent_partner_code'
            when overlapping.row_key is not null then 'overlapping_validity:valid_from'
            when in_cycle.row_key is not null then 'hierarchy_cycle:parent_partner_code'
        end as reject_reason
    from standing
    left join partner_codes on standing.parent_partner_code = partner_codes.partner_code
    left join overlapping on standing.row_key = overlapping.row_key
    left join in_cycle on standing.row_key = in_cycle.row_key

)

select * from final
