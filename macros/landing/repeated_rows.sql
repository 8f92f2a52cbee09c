{#- Keys that were delivered more than once: few, whatever the size of the table. -#}
{% macro repeated_keys(relation, key) -%}
    select {{ key | join(', ') }}
    from {{ relation }}
    group by {{ key | join(', ') }}
    having count(*) > 1
{%- endmacro %}

{#- Of the rows of one key that are otherwise good, the last delivery stands: a row that says what an earlier row said
    is a duplicate, and a row that says something else than the last one is superseded. Exactly one is left per key.
    `relation` holds row_key, file_id, line_number, reject_reason and is_repeated; `content` are the columns beside the
    key. file_number is a file's place in the order of delivery. -#}
{% macro repeated_rows(relation, key, content) -%}
    select
        row_key,
        case
            when first_same_key != row_key then 'duplicate_row'
            when first_same_key != standing_key then 'superseded_row'
        end as reject_reason
    from (
        select
            row_key,
            first_same_key,
            first_value(first_same_key) over (
                partition by {{ key | join(', ') }}
                order by file_number desc, line_number desc
            ) as standing_key
        from (
            select
                {{ key | join(',\n                ') }},
                row_key,
                file_number,
                line_number,
                first_value(row_key) over (
                    partition by {{ (key + content) | join(', ') }}
                    order by file_number, line_number
                ) as first_same_key
            from (
                select
                    {{ relation }}.*,
                    files.file_number
                from {{ relation }}
                inner join {{ source('raw', 'raw_files') }} as files on {{ relation }}.file_id = files.file_id
                where {{ relation }}.is_repeated and {{ relation }}.reject_reason is null
            ) as delivered
        ) as same_content
    ) as same_key
{%- endmacro %}
