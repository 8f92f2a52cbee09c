with

cells as (

    select * from {{ ref('int_nonresponse_cell') }}

),

{{ nonresponse_figures('cells', ['chain_link_key', 'partner_code']) }}
