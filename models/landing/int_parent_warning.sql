select
    'parent_not_known' as warning_code,
    'chain__partners' as dataset,
    partner_code,
    cast(null as {{ dbt.type_string() }}) as file_path,
    cast(partners_below as bigint) as rows_affected,
    cast(null as bigint) as rows_total,
    concat(
        'Its row in chain/partners*.csv was refused (', refused_as, '), and it is the parent of ',
        cast(partners_below as {{ dbt.type_string() }}), ' others, which are then under nobody who is known.'
    ) as sentence
from {{ ref('int_refused_partner') }}
where partners_below > 0
