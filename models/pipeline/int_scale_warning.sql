with

counts as (

    select * from {{ ref('int_score_count') }}

),

rules as (

    select * from {{ ref('scale_rules') }}

),

files as (

    select * from {{ ref('int_delivered_file') }}

),

-- A source is all that a partner delivers of a survey, and each of its files where there are more than one. File 0:
-- all.
sources as (

    select
        dataset,
        partner_code,
        case when count(distinct file_id) = 1 then min(file_id) else 0 end as file_id,
        true as is_whole
    from counts
    group by dataset, partner_code

    union all

    select
        dataset,
        partner_code,
        file_id,
        false as is_whole
    from (
        select
            dataset,
            partner_code,
            file_id,
            count(*) over (partition by dataset, partner_code) as files
        from counts
        group by dataset, partner_code, file_id
    ) as single_files
    where files > 1

),

scores as (

    select
        sources.dataset,
        sources.partner_code,
        sources.file_id,
        sources.is_whole,
        counts.score,
        sum(counts.answers) as answers
    from sources
    inner join counts
        on
            sources.dataset = counts.dataset
            and sources.partner_code = counts.partner_code
            and (sources.is_whole or sources.file_id = counts.file_id)
    group by sources.dataset, sources.partner_code, sources.file_id, sources.is_whole, counts.score

),

totals as (

    select
        dataset,
        partner_code,
        file_id,
        is_whole,
        sum(answers) as numbers,
        coalesce(sum(answers) filter (where score <= 10), 0) as answers,
        coalesce(sum(answers) filter (where score = 0), 0) as zeros,
        coalesce(sum(answers) filter (where score = 11), 0) as elevens,
        coalesce(sum(answers) filter (where score > 10), 0) as beyond
    from scores
    group by dataset, partner_code, file_id, is_whole

),

-- of those who gave one of the scores among_from to among_to nobody gave one of from_score to to_score
absent as (

    select
        scores.dataset,
        scores.partner_code,
        scores.file_id,
        scores.is_whole,
        rules.rule_number,
        rules.warning_code,
        sum(scores.answers) as answers,
        rules.absent_text,
        rules.among_text,
        rules.likely_cause
    from scores
    inner join rules on scores.score between rules.among_from and rules.among_to
    group by
        scores.dataset, scores.partner_code, scores.file_id, scores.is_whole, rules.rule_number, rules.warning_code,
        rules.absent_text, rules.among_text, rules.likely_cause, rules.from_score, rules.to_score, rules.least_share
    having
        coalesce(sum(scores.answers) filter (where scores.score between rules.from_score and rules.to_score), 0) = 0
        and sum(scores.answers) * ln(1 - rules.least_share) < ln({{ var('scale_max_chance') }})

),

most_given as (

    select *
    from scores
    where score <= 10
    qualify row_number() over (
        partition by dataset, partner_code, file_id, is_whole
        order by answers desc, score asc
    ) = 1

),

with_most_given as (

    select
        totals.dataset,
        totals.partner_code,
        totals.file_id,
        totals.is_whole,
        totals.answers,
        most_given.score,
        most_given.answers as same_answers,
        case
            when most_given.score >= 9 then {{ var('scale_most_of_a_promoter_score') }}
            else {{ var('scale_most_of_another_score') }}
        end as most_share
    from totals
    inner join most_given
        on
            totals.dataset = most_given.dataset
            and totals.partner_code = most_given.partner_code
            and totals.file_id = most_given.file_id
            and totals.is_whole = most_given.is_whole
    where totals.answers >= {{ var('scale_min_answers') }}

),

found as (

    select
        dataset,
        partner_code,
        file_id,
        is_whole,
        1 as place,
        0 as rule_number,
        'scale_too_wide' as warning_code,
        beyond as rows_affected,
        numbers as rows_total,
        case
            when elevens = beyond and zeros = 0
                then concat(
                    cast(elevens as {{ dbt.type_string() }}), ' of ', cast(numbers as {{ dbt.type_string() }}),
                    ' scores are 11 and not one is 0: probably the choices 0 to 10 exported as codes 1 to 11, so that',
                    ' every score counts as one too high.'
                )
            when elevens = beyond
                then concat(
                    cast(elevens as {{ dbt.type_string() }}), ' of ', cast(numbers as {{ dbt.type_string() }}),
                    ' scores are 11: probably a code for no answer, or another scale.'
                )
            else concat(
                cast(beyond as {{ dbt.type_string() }}), ' of ', cast(numbers as {{ dbt.type_string() }}),
                ' scores are above 10: probably points from 0 to 100 or another scale, of which only the lowest',
                ' are taken for scores.'
            )
        end as sentence
    from totals
    where
        numbers >= {{ var('scale_min_answers') }}
        and beyond > numbers * {{ var('scale_max_share_above_10') }}

    union all

    select
        dataset,
        partner_code,
        file_id,
        is_whole,
        2 as place,
        rule_number,
        warning_code,
        answers as rows_affected,
        answers as rows_total,
        concat(
            'There is ', absent_text, ' among ', cast(answers as {{ dbt.type_string() }}), ' ', among_text,
            ': probably ', likely_cause, '.'
        ) as sentence
    from absent

    union all

    select
        dataset,
        partner_code,
        file_id,
        is_whole,
        3 as place,
        0 as rule_number,
        'score_always_same' as warning_code,
        same_answers as rows_affected,
        answers as rows_total,
        concat(
            cast(same_answers as {{ dbt.type_string() }}), ' of ', cast(answers as {{ dbt.type_string() }}),
            ' scores are ', cast(score as {{ dbt.type_string() }}),
            ': probably a value that is filled in by itself, or answers that were chosen.'
        ) as sentence
    from with_most_given
    where
        same_answers
        > answers * most_share + {{ double_var('z_99_8') }} * sqrt(answers * most_share * (1 - most_share))

),

-- The first rule says it: what ends at 5 has no 10 either. A file is named where its partner's answers as a whole are
-- not.
first_found as (

    select
        *,
        max(case when is_whole then 1 else 0 end) over (partition by dataset, partner_code) as whole_is_found
    from found
    qualify row_number() over (
        partition by dataset, partner_code, file_id, is_whole
        order by place, rule_number
    ) = 1

)

select
    first_found.warning_code,
    first_found.dataset,
    first_found.partner_code,
    files.file_path,
    cast(first_found.rows_affected as bigint) as rows_affected,
    cast(first_found.rows_total as bigint) as rows_total,
    first_found.sentence
from first_found
left join files on first_found.file_id = files.file_id
where first_found.is_whole or first_found.whole_is_found = 0
