{#- The normal distribution and what hangs on it. Neither engine has erf.
    Constants carry an exponent, so that both engines read them as doubles and not as decimals. -#}

{#- A number of dbt_project.yml as a double, however many decimals it was given: times 100 a decimal of sixteen digits
    overflows. -#}
{%- macro double_var(name) -%}
    cast('{{ var(name) }}' as double)
{%- endmacro -%}

{%- macro polynomial(x, coefficients) -%}
    {#- Horner's scheme, highest power first -#}
    {{- '(' * (coefficients | length - 1) -}}
    {%- for coefficient in coefficients -%}
        {%- if loop.first -%} {{ coefficient }} {%- else %} * {{ x }} + {{ coefficient }}) {%- endif -%}
    {%- endfor -%}
{%- endmacro -%}

{%- macro normal_upper_tail(x) -%}
    {#- P(Z > x) for x >= 0, as West (2005), "Better approximations to cumulative normal functions": the rational
        function of Hart (1968, no. 5666), then Laplace's continued fraction. West changes over at 7.07 and stops at
        4 terms, for an absolute error of 1e-15. Changing over at 3.5, with 28 terms (contracted to 14), keeps the
        tail's relative error below 1e-13 too, but for the rounding of exp() far out (3e-13 at 37). -#}
    {%- set terms = 14 -%}
    case
        when {{ x }} > 37 then 0e0
        when {{ x }} < 3.5e0 then
            exp(-{{ x }} * {{ x }} / 2) * {{ polynomial(x, [
                '3.52624965998911e-2', '7.00383064443688e-1', '6.37396220353165e0', '3.3912866078383e1',
                '1.12079291497871e2', '2.21213596169931e2', '2.20206867912376e2',
            ]) }} / {{ polynomial(x, [
                '8.83883476483184e-2', '1.75566716318264e0', '1.6064177579207e1', '8.67807322029461e1',
                '2.96564248779674e2', '6.37333633378831e2', '7.93826512519948e2', '4.40413735824752e2',
            ]) }}
        else
            exp(-{{ x }} * {{ x }} / 2) / 2.5066282746310002e0 * {{ x }} / (
                {%- for k in range(1, terms + 1) -%}
                    {{ x }} * {{ x }} + {{ 4 * k - 3 }}e0 - {{ 2 * k * (2 * k - 1) }}e0 / (
                {%- endfor -%}
                {{ x }} * {{ x }} + {{ 4 * terms + 1 }}e0
                {{- ')' * (terms + 1) }}
    end
{%- endmacro -%}

{%- macro normal_sf(x) -%}
    case
        when {{ x }} < 0 then 1 - {{ normal_upper_tail('(-(' ~ x ~ '))') }}
        else {{ normal_upper_tail('(' ~ x ~ ')') }}
    end
{%- endmacro -%}

{%- macro normal_cdf(x) -%}
    {{ normal_sf('(-(' ~ x ~ '))') }}
{%- endmacro -%}

{%- macro two_sided_p(z) -%}
    (2 * {{ normal_upper_tail('abs(' ~ z ~ ')') }})
{%- endmacro -%}

{%- macro chi_square_sf(x, df) -%}
    {#- Closed forms for 1, 2 and 3 degrees of freedom; null for any other. -#}
    case
        when {{ x }} <= 0 and {{ df }} between 1 and 3 then 1e0
        when {{ df }} = 1 then {{ two_sided_p('sqrt(' ~ x ~ ')') }}
        when {{ df }} = 2 then exp(-({{ x }}) / 2)
        when {{ df }} = 3 then
            {{ two_sided_p('sqrt(' ~ x ~ ')') }} + sqrt(2 * ({{ x }}) / pi()) * exp(-({{ x }}) / 2)
    end
{%- endmacro -%}
