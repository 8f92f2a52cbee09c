{#- The area under the ROC curve of several scores of the same subjects, and how the areas vary together, as a query to
    put in a CTE: one row per group and ordered pair of predictors. The pair of a predictor with itself holds its variance.

    The area is Mann and Whitney's (1947): the share of pairs of an event and a non-event in which the event scores higher,
    ties counting half. The covariance is that of DeLong, DeLong and Clarke-Pearson (1988), from placements: for an
    event, the share of non-events below it; for a non-event, the share of events above it. Doubled placements are whole
    numbers, and so every sum here is exact, up to ten million subjects.

    relation   a row per group, predictor and subject
    subject    column that names a subject within its group
    score      column with a number, never null, the same for equal scores
    is_event   condition on the subject: true for an event, else a non-event -#}
{%- macro auc_covariance(relation, group_columns, predictor, subject, score, is_event) -%}
    {%- set groups = group_columns | join(', ') -%}
    with

    auc_subjects as (

        select
            {{ groups }},
            {{ predictor }} as predictor,
            {{ subject }} as subject,
            {{ score }} as score,
            case when {{ is_event }} then 1 else 0 end as is_event
        from {{ relation }}

    ),

    auc_scores as (

        select
            {{ groups }},
            predictor,
            score,
            sum(is_event) as events,
            sum(1 - is_event) as non_events
        from auc_subjects
        group by {{ groups }}, predictor, score

    ),

    auc_score_placements as (

        select
            {{ groups }},
            predictor,
            score,
            cast(2 * sum(non_events) over (
                partition by {{ groups }}, predictor order by score
            ) - non_events as bigint) as event_placement,
            cast(2 * sum(events) over (
                partition by {{ groups }}, predictor order by score desc
            ) - events as bigint) as non_event_placement
        from auc_scores

    ),

    auc_placements as (

        select
            {% for column in group_columns %}auc_subjects.{{ column }}, {% endfor -%}
            auc_subjects.predictor,
            auc_subjects.subject,
            auc_subjects.is_event,
            case
                when auc_subjects.is_event = 1 then auc_score_placements.event_placement
                else auc_score_placements.non_event_placement
            end as placement
        from auc_subjects
        inner join auc_score_placements
            on
                {% for column in group_columns -%}
                auc_subjects.{{ column }} = auc_score_placements.{{ column }}
                and {% endfor -%}
                auc_subjects.predictor = auc_score_placements.predictor
                and auc_subjects.score = auc_score_placements.score

    ),

    auc_sums as (

        select
            {% for column in group_columns %}a.{{ column }}, {% endfor -%}
            a.predictor as predictor_a,
            b.predictor as predictor_b,
            {%- for kind, flag in [('event', 'a.is_event'), ('non_event', '(1 - a.is_event)')] %}
            cast(sum({{ flag }}) as decimal(38, 0)) as {{ kind }}s,
            cast(sum({{ flag }} * a.placement) as decimal(38, 0)) as {{ kind }}_sum_a,
            cast(sum({{ flag }} * b.placement) as decimal(38, 0)) as {{ kind }}_sum_b,
            cast(sum(cast({{ flag }} * a.placement * b.placement as decimal(38, 0))) as decimal(38, 0))
                as {{ kind }}_sum_ab
            {{- ',' if not loop.last }}
            {%- endfor %}
        from auc_placements as a
        inner join auc_placements as b
            on
                {% for column in group_columns -%}
                a.{{ column }} = b.{{ column }}
                and {% endfor -%}
                a.subject = b.subject
        group by {% for column in group_columns %}a.{{ column }}, {% endfor %}a.predictor, b.predictor

    ),

    auc_components as (

        {#- sample covariances of the placements, still doubled and counted, not shares -#}
        select
            *,
            {%- for kind in ['event', 'non_event'] %}
            cast({{ kind }}s as double) as {{ kind }}_count,
            cast({{ kind }}s * {{ kind }}_sum_ab - {{ kind }}_sum_a * {{ kind }}_sum_b as double)
            / {{ kind }}s / nullif({{ kind }}s - 1, 0) as {{ kind }}_covariance
            {{- ',' if not loop.last }}
            {%- endfor %}
        from auc_sums
        where events > 0 and non_events > 0

    )

    select
        {{ groups }},
        predictor_a,
        predictor_b,
        cast(events as bigint) as events,
        cast(non_events as bigint) as non_events,
        cast(event_sum_a as double) / (2 * event_count * non_event_count) as auc_a,
        cast(event_sum_b as double) / (2 * event_count * non_event_count) as auc_b,
        event_covariance / (4 * non_event_count * non_event_count * event_count)
        + non_event_covariance / (4 * event_count * event_count * non_event_count) as auc_covariance
    from auc_components
{%- endmacro -%}
