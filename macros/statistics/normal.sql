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

{#- The quantile of the upper tail: P(Z > x) = p for 0 < p <= 0.5. Wichura (1988), AS 241, PPND16. -#}
{%- macro normal_upper_quantile(p) -%}
    {%- set central = '(1.80625e-1 - (5e-1 - ' ~ p ~ ') * (5e-1 - ' ~ p ~ '))' -%}
    {%- set near = '(sqrt(-ln(' ~ p ~ ')) - 1.6e0)' -%}
    {%- set far = '(sqrt(-ln(' ~ p ~ ')) - 5e0)' -%}
    case
        when {{ p }} >= 7.5e-2 then (5e-1 - {{ p }}) * {{ polynomial(central, [
            '2.5090809287301226727e3', '3.3430575583588128105e4', '6.7265770927008700853e4', '4.5921953931549871457e4',
            '1.3731693765509461125e4', '1.9715909503065514427e3', '1.3314166789178437745e2', '3.387132872796366608e0',
        ]) }} / {{ polynomial(central, [
            '5.226495278852854561e3', '2.8729085735721942674e4', '3.930789580009271061e4', '2.1213794301586595867e4',
            '5.3941960214247511077e3', '6.871870074920579083e2', '4.2313330701600911252e1', '1e0',
        ]) }}
        when {{ p }} >= 1.388794386496402e-11 then {{ polynomial(near, [
            '7.7454501427834140764e-4', '2.27238449892691845833e-2', '2.4178072517745061177e-1',
            '1.27045825245236838258e0', '3.64784832476320460504e0', '5.7694972214606914055e0', '4.6303378461565452959e0',
            '1.42343711074968357734e0',
        ]) }} / {{ polynomial(near, [
            '1.05075007164441684324e-9', '5.475938084995344946e-4', '1.51986665636164571966e-2',
            '1.4810397642748007459e-1', '6.8976733498510000455e-1', '1.6763848301838038494e0',
            '2.05319162663775882187e0', '1e0',
        ]) }}
        else {{ polynomial(far, [
            '2.01033439929228813265e-7', '2.71155556874348757815e-5', '1.2426609473880784386e-3',
            '2.6532189526576123093e-2', '2.9656057182850489123e-1', '1.7848265399172913358e0', '5.4637849111641143699e0',
            '6.6579046435011037772e0',
        ]) }} / {{ polynomial(far, [
            '2.04426310338993978564e-15', '1.4215117583164458887e-7', '1.8463183175100546818e-5',
            '7.868691311456132591e-4', '1.48753612908506148525e-2', '1.3692988092273580531e-1',
            '5.9983220655588793769e-1', '1e0',
        ]) }}
    end
{%- endmacro -%}

{#- Student's t as the normal deviate of the same tail, and back: Wallace (1959), Bounds on normal approximations to
    Student's distribution. 1 % of the tail from 20 degrees of freedom, up to 4. -#}
{%- macro student_deviate(t, degrees_of_freedom) -%}
    (
        sqrt({{ degrees_of_freedom }} * ln(1 + {{ t }} * {{ t }} / {{ degrees_of_freedom }}))
        * (8e0 * {{ degrees_of_freedom }} + 1) / (8e0 * {{ degrees_of_freedom }} + 3)
    )
{%- endmacro -%}

{%- macro student_quantile(deviate, degrees_of_freedom) -%}
    sqrt(
        {{ degrees_of_freedom }} * (
            exp(
                power(
                    {{ deviate }} * (8e0 * {{ degrees_of_freedom }} + 3) / (8e0 * {{ degrees_of_freedom }} + 1), 2
                ) / {{ degrees_of_freedom }}
            ) - 1
        )
    )
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
