-- DerSimonian-Laird and shrinkage on estimates with variances: for tests/python/test_ranking.py.
with

networks as (

    {{ dersimonian_laird('probe_estimates', ['study'], 'estimate', 'variance') }}

)

select
    probe_estimates.study,
    probe_estimates.subject,
    networks.estimates,
    networks.q,
    networks.tau2,
    networks.mu,
    {{ shrinkage('probe_estimates.variance', 'networks.tau2') }} as shrinkage,
    {{ shrunken('probe_estimates.estimate', 'probe_estimates.variance', 'networks.mu', 'networks.tau2') }} as shrunken,
    {{ posterior_sd('probe_estimates.variance', 'networks.tau2') }} as posterior_sd
from probe_estimates
left join networks on probe_estimates.study = networks.study
