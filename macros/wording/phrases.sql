{#- Phrases of the seed `phrases`, from which every sentence of the verdict is made, in each language. -#}

{#- The languages: each a column of the seed, and the ending of the columns written in it. -#}
{% macro languages() -%}
    {{ return({'en': '', 'nl': '_nl'}) }}
{%- endmacro %}


{#- A row per language with these phrases as columns. -#}
{% macro words_by_language(codes) -%}
    {%- for language in languages() %}
    select
        '{{ language }}' as language,
        {%- for code in codes %}
        max(case when phrase_code = '{{ code }}' then phrase_{{ language }} end) as {{ code }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('phrases') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#- The phrases as rows: language, phrase_code and phrase. -#}
{% macro phrases_by_language() -%}
    {%- for language in languages() %}
    select
        '{{ language }}' as language,
        phrase_code,
        phrase_{{ language }} as phrase
    from {{ ref('phrases') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#- A phrase with its placeholders filled. Null where the phrase or a value is. -#}
{% macro filled(phrase, values) -%}
    {%- set ns = namespace(text=phrase) -%}
    {%- for name, value in values.items() -%}
        {%- set ns.text = "replace(" ~ ns.text ~ ", '{" ~ name ~ "}', " ~ value ~ ")" -%}
    {%- endfor -%}
    {{ ns.text }}
{%- endmacro %}


{#- The first of some texts that is short enough for a sentence; the last if none is. Texts that are null are passed over. -#}
{% macro first_that_fits(texts) -%}
    case
        {%- for text in texts[:-1] %}
        when length({{ text }}) <= {{ var('sentence_max_characters') }} then {{ text }}
        {%- endfor %}
        else {{ texts[-1] }}
    end
{%- endmacro %}


{#- A text that begins with a capital. -#}
{% macro capitalised(text) -%}
    upper(substring({{ text }}, 1, 1)) || substring({{ text }}, 2)
{%- endmacro %}


{#- A phrase of `words` with those of some parts that it names. -#}
{% macro pick(code, parts, names) -%}
    {%- set values = {} -%}
    {%- for name in names -%}
        {%- do values.update({name: parts[name]}) -%}
    {%- endfor -%}
    {{ filled('words.' ~ code, values) }}
{%- endmacro %}


{#- What three lenses name, each link once: "highest importance and furthest behind its benchmark: Dealer". Null: nothing. -#}
{% macro measures_in_words(lenses, relation, words) -%}
    nullif(
        concat_ws(
            '; ',
            {%- for lens in lenses %}
            {%- set link = relation ~ '.by_' ~ lens %}
            {%- set earlier = lenses[:loop.index0] %}
            {%- set later = lenses[loop.index0 + 1:] %}
            {%- set ns = namespace(text=words ~ '.lens_' ~ lens) %}
            {%- for other in later %}
                {%- set pair = filled(
                    words ~ '.lens_pair', {'first': ns.text, 'second': words ~ '.lens_' ~ other}
                ) %}
                {%- set ns.text = 'case when ' ~ relation ~ '.by_' ~ other ~ ' = ' ~ link ~ ' then ' ~ pair ~ ' else ' ~ ns.text ~ ' end' %}
            {%- endfor %}
            case
                when {{ link }} is not null
                    {%- for other in earlier %}
                    and coalesce({{ relation }}.by_{{ other }} != {{ link }}, true)
                    {%- endfor %}
                    then {{ ns.text }} || ': ' || {{ link }}
            end{{ ',' if not loop.last }}
            {%- endfor %}
        ),
        ''
    )
{%- endmacro %}
