-- One version of a partner a day: an event must never join two.
select
    earlier.partner_code,
    earlier.assigned_to,
    later.assigned_from
from {{ ref('int_partner_version') }} as earlier
inner join {{ ref('int_partner_version') }} as later
    on earlier.partner_code = later.partner_code and earlier.partner_key != later.partner_key
where earlier.assigned_from <= later.assigned_from and earlier.assigned_to >= later.assigned_from
