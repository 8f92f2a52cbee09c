{%- set in_folders_of_partners = [] -%}
{%- for dataset in landing_datasets() if landing_dataset(dataset)['link'] -%}
    {%- do in_folders_of_partners.append(dataset) -%}
{%- endfor -%}
-- noqa: disable=LT05
select
    file_id,
    dataset,
    case
        when dataset in ('{{ in_folders_of_partners | join("', '") }}') then split_part(file_path, '/', 2)
    end as partner_code,
    file_path,
    cast(rows_read as bigint) as rows_read
from {{ source('raw', 'raw_files') }}
where dataset is not null and status = 'loaded'
