with

counts as (

    select * from {{ ref('int_reference_count') }}

),

files as (

    select * from {{ ref('int_delivered_file') }}

),

-- small files of a partner are judged together
sources as (

    select
        files.dataset,
        files.partner_code,
        case when counts.rows_looked_up >= {{ var('references_min_rows') }} then files.file_path end as file_path,
        counts.to_dataset,
        counts.number_name,
        counts.is_of_partner,
        counts.rows_looked_up,
        counts.rows_found
    from counts
    inner join files on counts.file_id = files.file_id

),

measured as (

    select
        dataset,
        partner_code,
        file_path,
        to_dataset,
        number_name,
        is_of_partner,
        sum(rows_looked_up) as rows_looked_up,
        sum(rows_found) as rows_found
    from sources
    group by dataset, partner_code, file_path, to_dataset, number_name, is_of_partner

)

select
    case
        when not is_of_partner then 'products_not_known'
        when rows_found = 0 then 'references_hit_nothing'
        else 'references_hit_few'
    end as warning_code,
    dataset,
    partner_code,
    file_path,
    cast(rows_looked_up - rows_found as bigint) as rows_affected,
    cast(rows_looked_up as bigint) as rows_total,
    concat(
        'Of ', cast(rows_looked_up as {{ dbt.type_string() }}), ' rows that give ', number_name,
        case
            when rows_found = 0 then ' not one is'
            else concat(' only ', cast(rows_found as {{ dbt.type_string() }}), ' are')
        end,
        ' found in ', to_dataset, ': probably lost leading zeros, numbers of another system, or a delivery that is',
        ' missing.'
    ) as sentence
from measured
where
    rows_looked_up >= {{ var('references_min_rows') }}
    and rows_looked_up - rows_found > rows_looked_up * {{ var('most_of_a_file') }}
