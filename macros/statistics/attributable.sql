{#- Sums of int_pair_score: what is added up over pairs of scores, by name. -#}
{%- macro pair_products() -%}
    {{ return({
        'low_a': 'low_a',
        'low_b': 'low_b',
        'low_both': 'low_a * low_b',
        'squares_a': 'low_a * low_a',
        'squares_b': 'low_b * low_b',
        'both_a': 'low_a * low_b * low_a',
        'both_b': 'low_a * low_b * low_b',
        'both_both': 'low_a * low_b * low_a * low_b',
        'retained_e9': 'retained_e9',
        'retained_a_e9': 'low_a * retained_e9',
        'retained_b_e9': 'low_b * retained_e9',
        'retained_both_e9': 'low_a * low_b * retained_e9',
    }) }}
{%- endmacro -%}

{#- The places in a subset: place k is in subset s if bit k - 1 of s is set. -#}
{%- macro places_of(subset, places) -%}
    {%- set found = [] -%}
    {%- for place in range(1, places + 1) if (subset // 2 ** (place - 1)) % 2 -%}
        {%- do found.append(place) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro -%}

{#- What putting a subset of links right brings, at most `whole`: what each loses alone, <single><k>, and what two of
    them lose beyond that, <pair><j>_<k> with j < k, as soon as one of the two is right. No cap where `whole` is null. -#}
{%- macro put_right(subset, places, single, pair, whole) -%}
    {%- set members = places_of(subset, places) -%}
    least(
        {{ whole }},
        0e0
        {%- for place in members %} + {{ single }}{{ place }}{% endfor %}
        {%- for a in range(1, places + 1) -%}
            {%- for b in range(a + 1, places + 1) if a in members or b in members %} + {{ pair }}{{ a }}_{{ b }}
            {%- endfor -%}
        {%- endfor %}
    )
{%- endmacro -%}

{#- Average attributable fraction of a place (Eide and Gefeller 1995): what putting it right adds, averaged over all
    orders of putting all right; the Shapley value. <worth><s> is what subset s of the places brings, <worth>0 nothing.
    Summed over subsets, each counted for the orders in which it comes first, all of them, so nothing is sampled. -#}
{%- macro average_attributable(worth, place, places) -%}
    {%- set factorials = [1] -%}
    {%- for number in range(1, places + 1) -%}
        {%- do factorials.append(factorials[-1] * number) -%}
    {%- endfor -%}
    {%- set bit = 2 ** (place - 1) -%}
    (
        {%- for subset in range(2 ** places) if (subset // bit) % 2 == 0 -%}
            {%- set size = places_of(subset, places) | length -%}
            {{ ' + ' if not loop.first }}{{ factorials[size] * factorials[places - size - 1] }}e0
            * ({{ worth }}{{ subset + bit }} - {{ worth }}{{ subset }})
        {%- endfor -%}
    ) / {{ factorials[places] }}e0
{%- endmacro -%}
