with

counts as (

    select * from {{ ref('int_reference_count') }}

),

files as (

    select * from {{ ref('int_delivered_file') }}

),

measured as (

    select
        files.dataset,
        files.partner_code,
        files.file_path,
        counts.to_dataset,
        counts.number_name,
        counts.is_of_partner,
        counts.rows_looked_up,
        counts.rows_looked_up - counts.rows_found as rows_lost,
        counts.rows_found
    from counts
    inner join files on counts.file_id = files.file_id
    where
        counts.rows_looked_up >= {{ var('references_min_rows') }}
        and counts.rows_looked_up - counts.rows_found > counts.rows_looked_up * {{ var('most_of_a_file') }}

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
    cast(rows_lost as bigint) as rows_affected,
    cast(rows_looked_up as bigint) as rows_total,
    concat(
        'Of ', cast(rows_looked_up as {{ dbt.type_string() }}), ' rows that give ', number_name,
        case
            when rows_found = 0 then ' not one is'
            else concat(' only ', cast(rows_found as {{ dbt.type_string() }}), ' are')
        end,
        ' found in ', to_dataset, ': probably lost leading zeros, numbers of another system, or a delivery that is missing.'
    ) as sentence
from measured
