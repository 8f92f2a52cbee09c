{#- The one data set by which amounts become euros, and its files. -#}
{%- set rates = 'chain__exchange_rates' -%}
with

files as (

    select * from {{ ref('int_delivered_file') }}

),

file_counts as (

    select * from {{ ref('int_file_count') }}

),

rejects as (

    select * from {{ ref('int_raw_reject') }}

),

late_rejects as (

    select * from {{ ref('int_late_reject') }}

),

causes as (

    select * from {{ ref('reject_causes') }}

),

reasons as (

    select * from {{ ref('quarantine_reasons') }}

),

partner_codes as (

    select * from {{ ref('int_partner_code') }}

),

refused_partners as (

    select * from {{ ref('int_refused_partner') }}

),


unioned as (

    select
        file_id,
        scope,
        reason_code,
        column_name
    from rejects
    union all
    select
        late_rejects.file_id,
        'row' as scope,
        late_rejects.reason_code,
        cast(null as {{ dbt.type_string() }}) as column_name
    from late_rejects
    left join rejects on late_rejects.row_key = rejects.row_key
    where rejects.row_key is null

),

by_reason as (

    select
        unioned.file_id,
        unioned.scope,
        unioned.reason_code,
        unioned.column_name,
        count(*) as reason_rows
    from unioned
    left join causes on unioned.reason_code = causes.reason_code
    where coalesce(causes.is_fault, true)
    group by unioned.file_id, unioned.scope, unioned.reason_code, unioned.column_name

),

by_scope as (

    select
        file_id,
        scope,
        sum(reason_rows) as refused_rows,
        {{ text_list(
            "concat(reason_code, ' ', cast(reason_rows as " ~ dbt.type_string() ~ "))",
            "concat(reason_code, coalesce(column_name, ''))"
        ) }} as reason_list
    from by_reason
    group by file_id, scope

),

first_reasons as (

    select *
    from by_reason
    qualify row_number() over (
        partition by file_id, scope
        order by reason_rows desc, reason_code asc, coalesce(column_name, '') asc
    ) = 1

),

-- an answer is refused among the answers that were given, a row among all rows
measured as (

    select
        by_scope.file_id,
        by_scope.scope,
        by_scope.refused_rows,
        by_scope.reason_list,
        first_reasons.reason_code,
        first_reasons.column_name,
        first_reasons.reason_rows,
        files.dataset,
        files.partner_code,
        files.file_path,
        case
            when by_scope.scope = 'row' then files.rows_read
            else coalesce(file_counts.answers_staged, 0) + by_scope.refused_rows
        end as rows_total
    from by_scope
    inner join first_reasons on by_scope.file_id = first_reasons.file_id and by_scope.scope = first_reasons.scope
    inner join files on by_scope.file_id = files.file_id
    left join file_counts on by_scope.file_id = file_counts.file_id

),

refused_rates as (

    select sum(by_scope.refused_rows) as refused_rows
    from by_scope
    inner join files on by_scope.file_id = files.file_id
    where files.dataset = '{{ rates }}'

),

explained as (

    select
        measured.*,
        measured.reason_rows > measured.rows_total * {{ var('most_of_a_file') }} as is_one_reason,
        causes.warning_code,
        case
            when measured.reason_code = 'unknown_partner' and measured.column_name = 'partner_code'
                then case
                    when refused_partners.partner_code is not null
                        then concat(
                            'the partner''s own row in chain/partners*.csv was refused as ',
                            refused_partners.refused_as
                        )
                    when partner_codes.partner_code is not null
                        then concat(
                            'chain/partners*.csv has this partner as a ', partner_codes.link_code,
                            ', and its files lie in the folder of another link'
                        )
                    else 'a folder that is named otherwise than the partner is in chain/partners*.csv'
                end
            when measured.reason_code = 'unknown_country' and measured.column_name = 'partner_code'
                then concat(
                    'neither the partner nor one above it has a country in chain/partners*.csv, and its rows name',
                    ' none'
                )
            when measured.reason_code in ('unknown_currency', 'no_exchange_rate') and refused_rates.refused_rows > 0
                then concat(
                    'exchange rates that could not be read: ',
                    cast(refused_rates.refused_rows as {{ dbt.type_string() }}),
                    ' rows of chain/exchange_rates*.csv were refused'
                )
            else coalesce(causes.likely_cause, reasons.reason_text)
        end as likely_cause
    from measured
    inner join reasons on measured.reason_code = reasons.reason_code
    left join causes on measured.reason_code = causes.reason_code
    left join refused_partners on measured.partner_code = refused_partners.partner_code
    left join partner_codes on measured.partner_code = partner_codes.partner_code
    cross join refused_rates
    where measured.refused_rows > measured.rows_total * {{ var('most_of_a_file') }}

)

select
    case when is_one_reason then coalesce(warning_code, 'rows_refused') else 'rows_refused' end as warning_code,
    dataset,
    partner_code,
    file_path,
    cast(case when is_one_reason then reason_rows else refused_rows end as bigint) as rows_affected,
    cast(rows_total as bigint) as rows_total,
    concat(
        cast(case when is_one_reason then reason_rows else refused_rows end as {{ dbt.type_string() }}), ' of ',
        cast(rows_total as {{ dbt.type_string() }}),
        case when scope = 'answer' then ' answers' else ' rows' end,
        case
            when is_one_reason
                then concat(
                    ' were refused as ', reason_code,
                    case when column_name is null then '' else concat(' (', column_name, ')') end,
                    ': probably ', likely_cause, '.'
                )
            else concat(' were refused: ', reason_list, '.')
        end
    ) as sentence
from explained
