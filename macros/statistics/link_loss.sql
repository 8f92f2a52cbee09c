{#- The figures of int_loss_replicate, each of which has an interval. -#}
{%- macro link_loss_figures() -%}
    {{ return([
        'excess_loss',
        'attributable_lost_customers',
        'attributable_lost_customers_crude',
        'attributable_fraction',
        'attributable_fraction_crude',
        'value_at_stake_eur',
        'value_at_stake_crude_eur',
        'mended_alone_customers',
        'mended_alone_eur',
    ]) }}
{%- endmacro -%}
