{{ config(**load_config('manufacturer__survey_answers')) }}

with {{ parsed_rows('manufacturer__survey_answers') }},

{{ matched_rows('manufacturer__survey_answers') }},

{{ judged_rows('manufacturer__survey_answers', rules=[
    ['answer_before_invitation:answered_at', lies_before('manufacturer__survey_answers', 'answered_at', 'sent_at')],
]) }}

select * from final
