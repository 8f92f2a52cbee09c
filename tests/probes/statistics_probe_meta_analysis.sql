-- DerSimonian-Laird and shrinkage on estimates with variances: for tests/statistics/test_ranking.py.
with

networks as (

    {{ dersimonian_laird('probe_estimates', ['study'], 'estimate', 'variance') }}

),

-- mean and variance may be given instead
priors as (

    select
        probe_estimates.*,
        networks.estimates,
        networks.q,
        coalesce(probe_estimates.given_tau2, networks.tau2) as tau2,
        coalesce(probe_estimates.given_mu, networks.mu) as mu
    from probe_estimates
    left join networks on probe_estimates.study = networks.study

)

select
    study,
    subject,
    estimates,
    q,
    tau2,
    mu,
    {{ shrinkage('variance', 'tau2') }} as shrinkage,
    {{ shrunken('estimate', 'variance', 'mu', 'tau2') }} as shrunken,
    {{ posterior_sd('variance', 'tau2') }} as posterior_sd
from priors
