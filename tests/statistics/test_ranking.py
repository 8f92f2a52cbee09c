"""Ranking partners against statsmodels, scipy and numpy, and the attack by subtraction on what is published."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, optimize, stats
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.multitest import multipletests

from study.sql_harness import CompiledProject, Sandbox, close

# statsmodels warns of figures that nothing here reads
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning:statsmodels.*")

Z_95 = 1.959964
MOST_FALSE = 0.05
MIN_CELL = 30
MIN_SHOWN, MIN_RANKED, MIN_RELIABILITY, MIN_PARTNERS = 10, 30, 0.7, 3
ANSWERS = ["promoters", "passives", "detractors"]
COUNTS = ["responses", *ANSWERS]
NETWORK = ["chain_link_key", "period_kind", "period_from"]
QUARTERS = [day.date() for day in pd.date_range("2023-10-01", periods=6, freq="QS")]
# the last quarter is not over yet
TRAILING = QUARTERS[1:5]
MODELS = [
    "mart_nps_by_link",
    "mart_nps_by_partner",
    "int_partner_trailing",
    "int_ranking_cell",
    "int_partner_adjusted",
    "int_partner_standing",
    "int_ranking_estimate",
    "int_ranking_position",
    "mart_partner_ranking",
]

# Colditz et al. (1994), BCG vaccine: cases and others among the vaccinated, then among the controls
BCG = """4 119 11 128; 6 300 29 274; 3 228 11 209; 62 13536 248 12619; 33 5036 47 5761; 180 1361 372 1079; 8 2537 10 619
505 87886 499 87892; 29 7470 45 7232; 17 1699 65 1600; 186 50448 141 27197; 5 2493 3 2338; 27 16886 29 17825"""

# Benjamini and Hochberg (1995), section 4.2
BH_1995 = "0.0001 0.0004 0.0019 0.0095 0.0201 0.0278 0.0298 0.0344 0.0459 0.3240 0.4262 0.5719 0.6528 0.7590 1.000"


# ------------------------------------------------------------------------------------ DerSimonian-Laird, shrinkage


def probe_meta_analysis(
    sandbox: Sandbox,
    studies: dict[int, tuple[np.ndarray, np.ndarray]],
    tau2: float | None = None,
    mu: float | None = None,
) -> pd.DataFrame:
    """The macros on (estimates, variances) by study; under the given prior, if any, instead of the estimated one."""
    given = {"given_tau2": np.nan if tau2 is None else tau2, "given_mu": np.nan if mu is None else mu}
    frames = [
        pd.DataFrame({"study": study, "subject": range(len(estimates)), "estimate": estimates, "variance": variances})
        for study, (estimates, variances) in studies.items()
    ]
    rows = pd.concat(frames, ignore_index=True).assign(**given)
    rows[list(given)] = rows[list(given)].astype(object).where(rows[list(given)].notna(), None)
    got = sandbox.probe("statistics_probe_meta_analysis", {"probe_estimates": rows})
    return got.sort_values(["study", "subject"])


def test_dersimonian_laird_on_the_bcg_trials(sandbox: Sandbox) -> None:
    """tau^2 = 0.3088, mean log relative risk -0.7141, Q = 152.23: Viechtbauer (2010), method DL."""
    a, b, c, d = np.array([line.split() for line in BCG.replace("\n", ";").split(";")], dtype=float).T
    estimates = np.log(a / (a + b) / (c / (c + d)))
    got = probe_meta_analysis(sandbox, {1: (estimates, 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))}).iloc[0]
    assert (round(got["tau2"], 4), round(got["mu"], 4), round(got["q"], 2)) == (0.3088, -0.7141, 152.23)


# Raudenbush and Bryk (1985), 19 experiments on teachers' expectations: effects and variances (dat.raudenbush1985 of
# metadat), then the means after shrinkage and the bounds of their intervals, as metafor's tests print them
EXPECTATIONS = """.03 .12 -.14 1.18 .26 -.06 -.02 -.32 .27 .80 .54 .18 -.02 .23 -.18 -.06 .30 .07 -.07
.0156 .0216 .0279 .1391 .1362 .0106 .0106 .0484 .0269 .0630 .0912 .0497 .0835 .0841 .0253 .0279 .0193 .0088 .0303
.0543 .1006 -.0064 .2144 .1051 -.0082 .0174 -.0293 .1604 .2485 .1618 .1102 .0646 .1105 -.0288 .0258 .1905 .0744 .0248
-.1324 -.1033 -.2228 -.0533 -.1622 -.1737 -.1481 -.2689 -.0543 0 -.097 -.1303 -.192 -.1463 -.2405 -.1906 -.0076
-.0808 -.1954
.2411 .3045 .21 .4821 .3724 .1572 .1828 .2102 .3751 .497 .4206 .3507 .3212 .3672 .1829 .2422 .3886 .2295 .245"""


def test_dersimonian_laird_on_teachers_expectations(sandbox: Sandbox) -> None:
    """tau^2 = 0.026, mean 0.089 by DL: Raudenbush (2009), table 16.3, as metafor's tests quote it; Q = 35.8295."""
    estimates, variances = np.array(EXPECTATIONS.split(), dtype=float).reshape(5, 19)[:2]
    got = probe_meta_analysis(sandbox, {1: (estimates, variances)}).iloc[0]
    assert (round(got["tau2"], 3), round(got["mu"], 3), round(got["q"], 4)) == (0.026, 0.089, 35.8295)


def test_shrinkage_of_teachers_expectations(sandbox: Sandbox) -> None:
    """Means and posterior variances under the published prior, of which 0.0188 and 0.0837 are printed.

    The printed intervals are wider than the posterior by what isn't known of the mean, so that is taken off them.
    """
    estimates, variances, means, low, high = np.array(EXPECTATIONS.split(), dtype=float).reshape(5, 19)
    tau2, mu = 0.0188, 0.0837
    got = probe_meta_analysis(sandbox, {1: (estimates, variances)}, tau2, mu)
    np.testing.assert_allclose(got["shrunken"], means, atol=2.5e-4)
    weight_of_the_mean = variances / (variances + tau2)
    of_the_mean = weight_of_the_mean**2 / np.sum(1 / (variances + tau2))
    np.testing.assert_allclose(got["posterior_sd"] ** 2, ((high - low) / (2 * Z_95)) ** 2 - of_the_mean, atol=3e-5)


def random_study(random: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Estimates around 30 points; in some studies they differ less than chance would have it."""
    variances = random.uniform(5, 600, size)
    spread = random.choice([0.0, 0.3, 1.0, 3.0])
    return random.normal(30, spread * np.sqrt(variances)), variances


def test_dersimonian_laird_on_random_studies(sandbox: Sandbox) -> None:
    """tau^2, the mean and Q by statsmodels; shrinkage by Bayes' rule for two normal densities."""
    random = np.random.default_rng(1986)
    studies = {study: random_study(random, int(random.integers(2, 60))) for study in range(200)}
    got = probe_meta_analysis(sandbox, studies)
    for study, rows in got.groupby("study"):
        estimates, variances = studies[study]
        oracle = combine_effects(estimates, variances, method_re="dl")
        tau2 = max(0.0, oracle.tau2)
        mean = np.average(estimates, weights=1 / (variances + tau2))
        close(rows["tau2"], [tau2] * len(rows))
        close(rows["q"], [oracle.q] * len(rows))
        close(rows["mu"], [mean] * len(rows))
        if tau2 > 0:
            close(mean, oracle.mean_effect_re)
            precision = 1 / tau2 + 1 / variances
            close(rows["shrunken"], (mean / tau2 + estimates / variances) / precision)
            close(rows["posterior_sd"], np.sqrt(1 / precision))
            close(rows["shrinkage"], (1 / variances) ** -1 * (1 / (variances + tau2)))
        else:
            close(rows["shrunken"], [mean] * len(rows))
            close(rows["posterior_sd"], [0.0] * len(rows))
    assert 20 < (got.groupby("study")["tau2"].first() == 0).sum() < 180


def test_one_estimate_has_no_variance_between(sandbox: Sandbox) -> None:
    """A single partner: the mean is its own, and tau^2 is undefined."""
    got = probe_meta_analysis(sandbox, {1: (np.array([12.0]), np.array([5.0]))}).iloc[0]
    close(got["mu"], 12)
    assert math.isnan(got["tau2"])


# ------------------------------------------------------------------------------------------------- expected rank


def positions(sandbox: Sandbox, groups: list[tuple[np.ndarray, np.ndarray]]) -> pd.DataFrame:
    """Expected rank and P(worst) of (posterior means, posterior sds), one network per group."""
    frames = [
        pd.DataFrame(
            {
                "chain_link_key": number,
                "period_kind": "quarter",
                "period_from": QUARTERS[0],
                "partner_code": [f"p{subject:04}" for subject in range(len(means))],
                "shrunken_nps": np.asarray(means, dtype=float),
                "posterior_sd": np.asarray(sds, dtype=float),
                "adjusted_nps": np.asarray(means, dtype=float),
                "sampling_variance": np.asarray(sds, dtype=float) ** 2,
                "degrees_of_freedom": 1e9,
                "not_rankable_reason": None,
            }
        )
        for number, (means, sds) in enumerate(groups)
    ]
    rows = pd.concat(frames, ignore_index=True)
    sandbox.give("int_ranking_estimate", rows, {"period_from": "date", "not_rankable_reason": "varchar"})
    return sandbox.build("int_ranking_position").sort_values(["chain_link_key", "partner_code"])


def lowest_by_quadrature(means: np.ndarray, sds: np.ndarray, subject: int) -> float:
    """P(subject is the lowest), by adaptive Gauss-Kronrod over the subject's own density."""
    others = np.arange(len(means)) != subject

    def integrand(t: float) -> float:
        x = means[subject] + sds[subject] * t
        return stats.norm.pdf(t) * math.exp(stats.norm.logsf(x, means[others], sds[others]).sum())

    # where others' densities make a step
    steps = (means[others] - means[subject]) / sds[subject]
    breaks = np.unique(np.clip(np.concatenate([steps, np.linspace(-9, 9, 19)]), -9, 9))
    return sum(
        integrate.quad(integrand, low, high, epsabs=1e-12, epsrel=1e-10, limit=200)[0]
        for low, high in itertools.pairwise(breaks)
    )


def test_positions_of_two_are_known_in_closed_form(sandbox: Sandbox) -> None:
    """P(first is lower) = Phi((second - first) / sqrt(v1 + v2)); rank 1 is the highest."""
    groups = [((20.0, 50.0), (10.0, 5.0)), ((0.0, 0.0), (3.0, 40.0)), ((-50.0, 90.0), (1.0, 1.0))]
    got = positions(sandbox, groups)
    for number, (means, sds) in enumerate(groups):
        first_is_lower = stats.norm.cdf((means[1] - means[0]) / math.hypot(*sds))
        rows = got[got["chain_link_key"] == number]
        close(rows["p_worst"], [first_is_lower, 1 - first_is_lower])
        close(rows["expected_rank"], [1 + first_is_lower, 2 - first_is_lower])


def test_positions_of_equals(sandbox: Sandbox) -> None:
    """Partners that are alike share the last place equally, also when there are many."""
    sizes = (3, 50, 400)
    got = positions(sandbox, [(np.full(size, 30.0), np.full(size, 8.0)) for size in sizes])
    for number, size in enumerate(sizes):
        rows = got[got["chain_link_key"] == number]
        close(rows["p_worst"], np.full(size, 1 / size))
        close(rows["expected_rank"], np.full(size, (size + 1) / 2))


def test_p_worst_by_quadrature(sandbox: Sandbox) -> None:
    """To 1e-9 against scipy, also where one sd is a hundredth of another; and it adds up to 1."""
    random = np.random.default_rng(3)
    groups = [
        (random.normal(30, spread, size), random.uniform(*sds, size))
        for size, spread, sds in [
            (3, 20, (3, 15)),
            (8, 5, (2, 12)),
            (25, 25, (4, 14)),
            (60, 10, (5, 15)),
            (12, 2, (0.3, 30)),
            (5, 0.1, (8, 9)),
        ]
    ]
    got = positions(sandbox, groups)
    for number, (means, sds) in enumerate(groups):
        rows = got[got["chain_link_key"] == number]
        # the likeliest and some others
        subjects = np.unique([*np.argsort(means)[:4], 1, len(means) // 2, len(means) - 1])
        expected = [lowest_by_quadrature(means, sds, subject) for subject in subjects]
        close(rows["p_worst"].to_numpy()[subjects], expected)
        close(rows["p_worst"].sum(), 1)


def test_p_worst_by_monte_carlo(sandbox: Sandbox) -> None:
    """The share of 400,000 draws in which a partner is the lowest."""
    random = np.random.default_rng(7)
    means, sds = random.normal(30, 8, 10), random.uniform(3, 12, 10)
    lowest = random.normal(means, sds, (400_000, 10)).argmin(axis=1)
    close(positions(sandbox, [(means, sds)])["p_worst"], np.bincount(lowest, minlength=10) / 400_000, 0.004)


# Intercepts and slopes of 18 drivers who lack sleep, and the expected ranks that merTools prints for them (its page on
# expectedRank; there 1 is the lowest, and what it calls std.error is the variance, the same for all)
DRIVERS = {
    89.78829: """40.783710 -77.849554 -63.108567 4.406442 10.216189 8.221238 16.500494 -2.996981 -45.282127 72.182686
-21.196249 14.111363 -7.862221 36.378425 7.036381 -6.362703 -3.294273 18.115747
16.505317 1.143216 1.956973 9.733335 11.315372 10.778396 12.891828 7.775808 2.943212 17.986611
4.512555 12.318474 6.646553 16.100752 10.455114 6.976625 7.702259 13.257599""",
    5.312283: """9.1989758 -8.6196806 -5.4488565 -4.8143503 -3.0699116 -.2721770 -.2236361 1.0745816 -10.7521652
8.6282652 1.1734322 6.6142178 -3.0152621 3.5360011 .8722149 4.8224850 -.9881562 1.2840221
17.193775 2.143182 3.955480 4.436360 5.992067 9.092286 9.149805 10.683791 1.363832 16.931028
10.798715 15.787741 6.046279 13.328144 10.447188 14.472365 8.251247 10.926714""",
}


@pytest.mark.parametrize("variance", DRIVERS)
def test_expected_rank_of_published_examples(sandbox: Sandbox, variance: float) -> None:
    estimates, ranks = np.array(DRIVERS[variance].split(), dtype=float).reshape(2, 18)
    got = positions(sandbox, [(-estimates, np.full(18, math.sqrt(variance)))])
    np.testing.assert_allclose(got["expected_rank"], ranks, atol=1e-6)


def test_expected_rank_on_random_networks(sandbox: Sandbox) -> None:
    """Summed pair by pair with scipy; the ranks add up to those of any order."""
    random = np.random.default_rng(11)
    groups = [(random.normal(30, 20, size), random.uniform(2, 15, size)) for size in (3, 10, 40)]
    got = positions(sandbox, groups)
    for number, (means, sds) in enumerate(groups):
        expected = [
            1
            + sum(
                stats.norm.cdf((means[other] - means[one]) / math.hypot(sds[one], sds[other]))
                for other in range(len(means))
                if other != one
            )
            for one in range(len(means))
        ]
        rows = got[got["chain_link_key"] == number]
        close(rows["expected_rank"], expected)
        close(rows["expected_rank"].sum(), len(means) * (len(means) + 1) / 2)


# ------------------------------------------------------------------------------------------------ whole networks


def give_counts(sandbox: Sandbox, counts: pd.DataFrame) -> None:
    """Counts per chain_link_key, partner_code and quarter_start_on, as the marts read them."""
    codes = sorted(counts["partner_code"].unique())
    rows = counts.assign(
        partner_key=counts["partner_code"].map({code: number for number, code in enumerate(codes)}),
        responses=counts[ANSWERS].sum(axis=1),
        invitations=0,
        delivered=0,
        answered=0,
    )
    sandbox.give("int_nps_counts", rows, {"quarter_start_on": "date"})
    if "survey_key" not in rows:
        rows = rows.assign(survey_key=1, channel_key=1, tenure_band_key=1, segment="private")
    sandbox.give("int_partner_mix", rows[rows["responses"] > 0], {"quarter_start_on": "date"})
    partners = pd.DataFrame({"partner_key": range(len(codes)), "partner_code": codes})
    sandbox.give("dim_partner", partners.assign(partner_name=codes, valid_from=QUARTERS[0]), {"valid_from": "date"})
    links = sorted(counts["chain_link_key"].unique())
    sandbox.give(
        "dim_chain_link",
        pd.DataFrame({"chain_link_key": links, "chain_key": 1, "chain_code": "automotive_nl", "link_code": "dealer"}),
    )
    last_day = TRAILING[-1] + pd.offsets.QuarterEnd(0)
    period = pd.DataFrame({"trailing_from": [TRAILING[0]], "trailing_to": [last_day]})
    sandbox.give("int_period", period, {"trailing_from": "date", "trailing_to": "date"})


def build(sandbox: Sandbox, counts: pd.DataFrame) -> pd.DataFrame:
    """mart_partner_ranking."""
    give_counts(sandbox, counts)
    sandbox.leave_out_nonresponse()
    marts = [sandbox.build(model) for model in MODELS]
    mart = marts[-1]
    for column in ("period_from", "period_to"):
        mart[column] = pd.to_datetime(mart[column]).dt.date
    return mart.sort_values([*NETWORK, "partner_code"], ignore_index=True)


def one_quarter(answers: dict[str, tuple[int, int, int]]) -> pd.DataFrame:
    """Promoters, passives and detractors by partner, in a quarter of one link."""
    return pd.DataFrame(
        [(1, code, TRAILING[0], *counts) for code, counts in answers.items()],
        columns=["chain_link_key", "partner_code", "quarter_start_on", *ANSWERS],
    )


def quarter_of(mart: pd.DataFrame) -> pd.DataFrame:
    """The rows of the calendar quarter, by partner."""
    return mart[mart["period_kind"] == "quarter"].set_index("partner_code")


def random_counts(random: np.random.Generator, links: range, partners: int, sizes: list[int]) -> pd.DataFrame:
    """Partners of unequal size and quality, many below the threshold in some quarters."""
    rows = []
    for link in links:
        base, sameness = random.dirichlet([4, 2, 2]), random.choice([5, 20, 10_000])
        quality = {partner: random.dirichlet(base * sameness) for partner in range(partners)}
        usual = {partner: random.choice(sizes) for partner in range(partners)}
        for partner, quarter in itertools.product(range(partners), QUARTERS):
            if random.random() < 0.95:
                size = random.poisson(usual[partner])
                answers = random.multinomial(size, quality[partner])
                rows.append((link, f"p{partner:02}", quarter, *answers))
    return pd.DataFrame(rows, columns=["chain_link_key", "partner_code", "quarter_start_on", *ANSWERS])


@pytest.fixture(scope="module")
def networks(project: CompiledProject) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Random counts and the mart made of them."""
    counts = random_counts(np.random.default_rng(2005), range(1, 41), 12, [2, 6, 8, 11, 12, 14, 20, 35, 80, 300])
    return counts, build(Sandbox(project), counts)


def expected_reasons(tau2: float, responses: np.ndarray, reliability: np.ndarray) -> list[str | None]:
    """Why a partner of a network with these figures is not ranked."""
    if len(responses) < MIN_PARTNERS:
        return ["fewer than 3 partners to compare"] * len(responses)
    if tau2 == 0:
        return ["the spread between partners is no more than chance would have it"] * len(responses)
    enough = (responses >= MIN_RANKED) | (reliability >= MIN_RELIABILITY)
    too_few = "fewer than 30 responses and a reliability below 0.7"
    if enough.sum() < MIN_PARTNERS:
        return np.where(enough, "fewer than 3 partners can be ranked", too_few).tolist()
    return [None if ok else too_few for ok in enough]


def morris_errors(estimates: np.ndarray, variances: np.ndarray, tau2: float) -> np.ndarray:
    """Morris (1983), formula 5.4, in his letters: B with its multiplier, the mean's variance, and what tau^2 adds."""
    k, weights = len(estimates), 1 / (variances + tau2)
    mean = np.average(estimates, weights=weights)
    b = variances * weights
    multiplier = max(k - 3, 0) / (k - 1)
    of_tau2 = 2 / max(k - 3, 1) * b**2 * (np.average(variances, weights=weights) + tau2) * weights
    of_the_mean = b**2 / weights.sum()
    return np.sqrt(variances * (1 - multiplier * b) + of_the_mean + of_tau2 * (estimates - mean) ** 2)


def check_standing(rows: pd.DataFrame, scores: list[np.ndarray], variances: np.ndarray, tau2: float) -> None:
    """Each partner against the others' answers thrown together, by Student's t; standings and limits say the same."""
    size = len(scores)
    others = [np.concatenate([s for other, s in enumerate(scores) if other != one]) for one in range(size)]
    differences = np.array([own.mean() - rest.mean() for own, rest in zip(scores, others, strict=True)])
    pooled = variances[0] * len(scores[0])
    of_both = np.array([pooled / len(own) + pooled / len(rest) for own, rest in zip(scores, others, strict=True)])
    close(rows["rest_nps"], [rest.mean() for rest in others])
    close(rows["difference_from_rest"], differences)
    freedom = sum(map(len, scores)) - size
    p = 2 * stats.t.sf(np.abs(differences) / np.sqrt(of_both), freedom)
    np.testing.assert_allclose(rows["p_value"], p, rtol=0.05, atol=5e-4)
    close(rows["q_value"], multipletests(rows["p_value"], method="fdr_bh")[1])
    found = rows["q_value"].to_numpy() <= MOST_FALSE
    assert rows["standing"].tolist() == np.where(~found, "about", np.where(differences < 0, "below", "above")).tolist()
    outside = (rows["adjusted_nps"] < rows["standing_limit_low"]) | (rows["adjusted_nps"] > rows["standing_limit_high"])
    inside_the_scale = rows["standing_limit_low"].gt(-100) & rows["standing_limit_high"].lt(100)
    assert (outside.to_numpy() == found)[inside_the_scale].all()
    sizes = np.array([len(own) for own in scores], dtype=float)
    spread = [1 + (np.delete(sizes, one) ** 2).sum() / np.delete(sizes, one).sum() ** 2 for one in range(size)]
    close(rows["funnel_z"], differences / np.sqrt(of_both + tau2 * np.array(spread)))


def check_network(rows: pd.DataFrame) -> None:
    """Every figure of a network, worked out again from the counts that it shows: nothing hidden has entered."""
    n = rows["responses"].to_numpy(float)
    scores = [np.repeat([100.0, 0.0, -100.0], row.astype(int)) for row in rows[ANSWERS].to_numpy()]
    nps = np.array([answers.mean() for answers in scores])
    within = sum(((answers - answers.mean()) ** 2).sum() for answers in scores)
    variances = within / (n.sum() - len(n)) / n
    close(rows["nps"], nps)
    close(rows["network_partners"], np.full(len(n), len(n)))
    close(rows["sampling_variance"], variances)
    close(rows["adjusted_nps"], nps)
    if len(n) == 1:
        assert rows[["tau2", "rest_nps", "funnel_z", "q_value", "standing", "shrunken_nps"]].isna().all(axis=None)
        return
    if not within:
        assert rows[["tau2", "funnel_z", "q_value", "standing", "shrunken_nps"]].isna().all(axis=None)
        return
    tau2 = max(0.0, combine_effects(nps, variances, method_re="dl").tau2)
    weights = 1 / (variances + tau2)
    mu = np.average(nps, weights=weights)
    reliability = tau2 / (tau2 + variances)
    sds = np.sqrt(variances * reliability)
    shrunken = reliability * nps + (1 - reliability) * mu
    close(rows["tau2"], np.full(len(n), tau2))
    close(rows["mu"], np.full(len(n), mu))
    close(rows["shrinkage"], 1 - reliability)
    close(rows["shrunken_nps"], shrunken)
    close(rows["posterior_sd"], sds)
    half_width = Z_95 * morris_errors(nps, variances, tau2)
    close(rows["shrunken_nps_ci_low"], np.maximum(-100, shrunken - half_width))
    close(rows["shrunken_nps_ci_high"], np.minimum(100, shrunken + half_width))
    close(rows["rankability"], np.full(len(n), tau2 / (tau2 + np.median(variances))))
    check_standing(rows, scores, variances, tau2)
    reasons = expected_reasons(tau2, n, reliability)
    assert [None if pd.isna(reason) else reason for reason in rows["not_rankable_reason"]] == reasons
    ranked = np.array([reason is None for reason in reasons])
    assert rows["is_rankable"].tolist() == ranked.tolist()
    assert rows.loc[~ranked, ["expected_rank", "rank_low", "rank_high", "p_worst"]].isna().all(axis=None)
    if ranked.any():
        close(rows["ranked_partners"], np.full(len(n), ranked.sum()))
        close(rows.loc[ranked, "p_worst"].sum(), 1)
        close(rows.loc[ranked, "expected_rank"].sum(), ranked.sum() * (ranked.sum() + 1) / 2)


def test_every_figure_follows_from_the_shown_counts(networks: tuple) -> None:
    """Means, variances, targets and ranks are made of shown figures only, so that they give nothing away."""
    _, mart = networks
    checked = 0
    for _, rows in mart[~mart["is_suppressed"]].groupby(NETWORK):
        check_network(rows.reset_index(drop=True))
        checked += 1
    assert checked > 200
    assert mart["not_rankable_reason"].nunique() >= 4
    assert (mart["period_kind"] == "trailing").any() and set(mart["standing"].dropna()) == {"below", "about", "above"}


def test_hidden_rows_show_nothing(networks: tuple) -> None:
    """Every figure of a hidden row is null, and it is not ranked."""
    _, mart = networks
    keys = {*NETWORK, "chain_code", "link_code", "period_to", "partner_code", "partner_name"}
    flags = {"is_rankable", "not_rankable_reason", "is_suppressed", "suppression_reason"}
    hidden = mart[mart["is_suppressed"]]
    assert len(hidden) and hidden[[c for c in mart if c not in keys | flags]].isna().all(axis=None)
    assert not hidden["is_rankable"].any() and (hidden["not_rankable_reason"] == "hidden").all()
    assert hidden["suppression_reason"].notna().all()
    assert mart.loc[~mart["is_suppressed"], "suppression_reason"].isna().all()


def test_counts_and_periods(networks: tuple) -> None:
    """Shown counts are the sums of the period's quarters."""
    counts, mart = networks
    trailing = counts[counts["quarter_start_on"].isin(TRAILING)].assign(period_kind="trailing", period_from=TRAILING[0])
    quarters = counts.assign(period_kind="quarter", period_from=counts["quarter_start_on"])
    cells = pd.concat([trailing, quarters]).groupby([*NETWORK, "partner_code"])[ANSWERS].sum()
    assert len(cells) == len(mart)
    shown = mart[~mart["is_suppressed"]].set_index([*NETWORK, "partner_code"])
    close(shown[ANSWERS], cells.loc[shown.index])
    assert (shown["responses"] >= MIN_SHOWN).all()
    ends = {(row.period_kind, row.period_from): row.period_to for row in mart.itertuples()}
    assert ends["quarter", QUARTERS[0]] == pd.Timestamp("2023-12-31").date()
    assert ends["trailing", TRAILING[0]] == pd.Timestamp("2024-12-31").date()


def test_row_order_does_not_matter(project: CompiledProject, networks: tuple) -> None:
    """To the last bit."""
    counts, mart = networks
    shuffled = build(Sandbox(project), counts.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(mart, shuffled, check_exact=True)


# -------------------------------------------------------------------------------------------------- who is ranked

ORDINARY = {f"p{number}": (60 - 4 * number, 20, 20 + 4 * number) for number in range(8)}


def test_ten_promoters_out_of_ten_do_not_come_first(sandbox: Sandbox) -> None:
    """Nobody has a higher NPS, but the estimate is drawn to the network's mean, and ten are too few to be ranked."""
    lucky, proven = (10, 0, 0), (92, 6, 2)
    got = quarter_of(build(sandbox, one_quarter({**ORDINARY, "lucky": lucky, "proven": proven})))
    assert got["nps"].idxmax() == "lucky"
    assert got["shrunken_nps"].idxmax() == "proven"
    assert not got.loc["lucky", "is_rankable"]
    assert got["expected_rank"].idxmin() == "proven"
    assert got.loc["lucky", "posterior_sd"] > 0, "the variance is the network's, not its own of 0"
    assert got["is_rankable"].sum() == got["ranked_partners"].max() == 9


def test_ten_promoters_in_a_network_that_differs_widely(sandbox: Sandbox) -> None:
    """A reliability of 0.7 ranks a partner of ten, and still not before one that proved the same with a hundred."""
    wide = {f"p{number}": (100 - 12 * number, 0, 12 * number) for number in range(1, 8)}
    got = quarter_of(build(sandbox, one_quarter({**wide, "lucky": (10, 0, 0), "proven": (99, 1, 0)})))
    assert got.loc["lucky", "is_rankable"] and 1 - got.loc["lucky", "shrinkage"] >= MIN_RELIABILITY
    assert got["expected_rank"].idxmin() == "proven"


def test_no_more_than_chance_ranks_nobody(sandbox: Sandbox) -> None:
    """tau^2 = 0: everybody's best estimate is the mean, without a rank, and with an interval that has a width."""
    got = quarter_of(build(sandbox, one_quarter({f"p{n}": (50 + n % 2, 25, 25) for n in range(6)})))
    assert (got["tau2"] == 0).all() and (got["rankability"] == 0).all()
    assert not got["is_rankable"].any()
    assert (got["not_rankable_reason"] == "the spread between partners is no more than chance would have it").all()
    close(got["shrunken_nps"], got["mu"])
    assert got[["expected_rank", "p_worst", "rank_low", "rank_high"]].isna().all(axis=None)
    assert (got["shrunken_nps_ci_high"] - got["shrunken_nps_ci_low"]).gt(5).all()
    assert got["standing"].eq("about").all()


def test_answers_all_alike(sandbox: Sandbox) -> None:
    """No variance within any partner: nothing can be compared with chance."""
    got = quarter_of(build(sandbox, one_quarter({"a": (40, 0, 0), "b": (0, 0, 40), "c": (40, 0, 0)})))
    assert (got["not_rankable_reason"] == "the answers of each partner are all alike").all()
    assert got[["tau2", "funnel_z", "q_value", "standing"]].isna().all(axis=None)


def test_two_partners_are_not_ranked(sandbox: Sandbox) -> None:
    """Nor is a link with only one; its rest of the network is empty."""
    two = quarter_of(build(sandbox, one_quarter({"a": (90, 5, 5), "b": (10, 5, 85)})))
    assert (two["not_rankable_reason"] == "fewer than 3 partners to compare").all()
    assert two["funnel_z"].notna().all()
    one = quarter_of(build(sandbox, one_quarter({"a": (90, 5, 5)})))
    assert one["rest_nps"].isna().all() and not one["is_rankable"].any()


def test_the_target_leaves_the_partner_out(sandbox: Sandbox) -> None:
    """A partner that is half of the network is compared with the other half, not with itself."""
    got = quarter_of(build(sandbox, one_quarter({"big": (0, 0, 300), "a": (60, 30, 10), "b": (60, 10, 30)})))
    close(got.loc["big", "rest_nps"], 40)
    close(got.loc["a", "rest_nps"], 100 * (60 - 330) / 400)


# -------------------------------------------------------------------------------------------------- like for like

CELL = ["survey_key", "channel_key", "tenure_band_key", "segment"]
# chances of promoter, passive and detractor by survey: who comes for service is harder to please
BY_SURVEY = {1: (0.65, 0.25, 0.10), 2: (0.35, 0.30, 0.35)}


def network_of_mixes(random: np.random.Generator, link: int, sizes: list[int], shares: list[float]) -> pd.DataFrame:
    """Equals but for whom they ask: a share of each partner's answers is of the second survey."""
    rows = []
    for number, (size, share) in enumerate(zip(sizes, shares, strict=True)):
        of_second = round(size * share)
        for survey, answers in ((1, size - of_second), (2, of_second)):
            counts = random.multinomial(answers, BY_SURVEY[survey])
            rows.append((link, f"p{number:02}", TRAILING[0], survey, *counts))
    columns = ["chain_link_key", "partner_code", "quarter_start_on", "survey_key", *ANSWERS]
    return pd.DataFrame(rows, columns=columns).assign(channel_key=1, tenure_band_key=1, segment="private")


def build_mixes(sandbox: Sandbox, mixes: pd.DataFrame) -> pd.DataFrame:
    """The mart's rows of the quarter, from counts by cell."""
    totals = mixes.groupby(["chain_link_key", "partner_code", "quarter_start_on"], as_index=False)[ANSWERS].sum()
    give_counts(sandbox, totals)
    codes = mixes.assign(responses=mixes[ANSWERS].sum(axis=1))
    sandbox.give("int_partner_mix", codes[codes["responses"] > 0], {"quarter_start_on": "date"})
    sandbox.leave_out_nonresponse()
    mart = [sandbox.build(model) for model in MODELS][-1]
    return mart[mart["period_kind"] == "quarter"].sort_values(["chain_link_key", "partner_code"], ignore_index=True)


def pooled_cells(rows: pd.DataFrame) -> pd.Series:
    """The cell of each row, pooled by hand: within survey and mode, then all."""
    sizes = rows.groupby(CELL)["responses"].transform("sum")
    fine = rows[CELL].astype(str).agg("/".join, axis=1)
    fine = fine.where(sizes >= MIN_CELL, rows["survey_key"].astype(str) + "/" + rows["channel_key"].astype(str))
    return fine.where(rows["responses"].groupby(fine).transform("sum") >= MIN_CELL, "rest")


def test_adjusted_nps_by_hand(sandbox: Sandbox) -> None:
    """Every answer written out: what the network says in its cell, the variance there, what is left of the others."""
    random = np.random.default_rng(66)
    frames = []
    for link, partner in itertools.product(range(1, 7), range(9)):
        for cell in itertools.product((1, 2), (1, 3), (0, 2), ("private", "business")):
            counts = random.multinomial(random.choice([0, 1, 3, 9, 30]), random.dirichlet([5, 3, 3]))
            frames.append((link, f"p{partner:02}", TRAILING[0], *cell, *counts))
    mixes = pd.DataFrame(frames, columns=["chain_link_key", "partner_code", "quarter_start_on", *CELL, *ANSWERS])
    mart = build_mixes(sandbox, mixes)
    assert not mart["is_suppressed"].any()
    for link, rows in mixes.groupby("chain_link_key"):
        rows = rows.assign(responses=rows[ANSWERS].sum(axis=1)).query("responses > 0")
        rows["cell"] = pooled_cells(rows)
        scores = rows.loc[rows.index.repeat(rows["responses"]), ["partner_code", "cell"]]
        scores["score"] = np.concatenate([np.repeat([100.0, 0, -100], row) for row in rows[ANSWERS].to_numpy()])
        own = scores.groupby(["partner_code", "cell"])["score"]
        squares = (scores["score"] - own.transform("mean")) ** 2
        pooled = squares.sum() / (len(scores) - own.ngroups)
        by_cell = squares.groupby(scores["cell"]).agg(["sum", "size"])
        freedom = by_cell["size"] - scores.groupby("cell")["partner_code"].nunique()
        variance = scores["cell"].map((by_cell["sum"] + MIN_CELL * pooled) / (freedom + MIN_CELL))
        expected = scores.groupby("cell")["score"].transform("mean")
        others = 1 - own.transform("size") / scores.groupby("cell")["score"].transform("size")
        of_partner = scores.assign(expected=expected, variance=variance, others=others, left=others * variance)
        of_partner = of_partner.groupby("partner_code")
        figures, size = of_partner[["score", "expected", "variance", "others", "left"]].mean(), of_partner.size()
        got = mart[mart["chain_link_key"] == link].set_index("partner_code")
        assert scores["cell"].nunique() > 3
        network = scores["score"].mean()
        close(got["adjustment"], network - figures["expected"])
        close(got["adjusted_nps"], figures["score"] - figures["expected"] + network)
        close(got["sampling_variance"], figures["variance"] / size)
        close(got["comparable_share"], figures["others"])
        difference = (figures["score"] - figures["expected"]) / figures["others"]
        close(got["difference_from_rest"], difference)
        t = difference.abs() / np.sqrt(figures["left"] / size) * figures["others"]
        np.testing.assert_allclose(got["p_value"], 2 * stats.t.sf(t, len(scores) - own.ngroups), rtol=0.01, atol=1e-4)


def test_who_asks_harder_customers_is_not_blamed(sandbox: Sandbox) -> None:
    """Raw, the partner with service customers is far below; like for like it stands about the rest."""
    random = np.random.default_rng(67)
    mixes = pd.concat([network_of_mixes(random, link, [400] * 6, [0.9] + [0.1] * 5) for link in range(1, 61)])
    mart = build_mixes(sandbox, mixes)
    service = mart[mart["partner_code"] == "p00"]
    assert (service["nps"] - service["rest_nps"]).mean() < -30
    assert abs((service["adjusted_nps"] - service["rest_nps"]).mean()) < 2
    assert service["adjustment"].gt(20).all()
    assert service["standing"].ne("about").mean() <= 0.1


def test_a_partner_without_the_like_is_not_compared(sandbox: Sandbox) -> None:
    """Nobody else asks as it does: no difference, no standing."""
    mixes = network_of_mixes(np.random.default_rng(68), 1, [200] * 4, [1.0, 0.0, 0.0, 0.0])
    got = build_mixes(sandbox, mixes).set_index("partner_code")
    assert got.loc["p00", "comparable_share"] == 0
    assert pd.isna(got.loc["p00", "standing"]) and pd.isna(got.loc["p00", "difference_from_rest"])
    assert got["standing"].notna().sum() == 3


# ------------------------------------------------------------------------------------------- how often it is wrong

EQUALS = {
    "one large": [1000, 100, 100],
    "one very large": [3000, 30, 30],
    "of all sizes": [12, 20, 30, 40, 60, 80, 100, 150, 200, 300, 500, 900],
    "many small": [12] * 30,
    "three of the smallest": [10, 10, 10],
    "two": [40, 400],
}


@pytest.mark.parametrize("kind", EQUALS)
def test_false_alarms_in_networks_of_equals(sandbox: Sandbox, kind: str) -> None:
    """Among 1,000 networks without any difference at most 5 % (and two standard errors) have anybody below or above.

    Where the rest was taken as known, 22 % of those with one large partner did.
    """
    random, networks = np.random.default_rng(5), 1_000
    shares = random.uniform(0, 1, len(EQUALS[kind])).tolist()
    plain = pd.concat([network_of_mixes(random, link, EQUALS[kind], shares) for link in range(1, networks + 1)])
    mart = build_mixes(sandbox, plain)
    flagged = mart["standing"].isin(["below", "above"]).groupby(mart["chain_link_key"]).any()
    assert len(flagged) == networks and mart["standing"].notna().all()
    assert flagged.mean() <= MOST_FALSE + 2 * math.sqrt(MOST_FALSE * (1 - MOST_FALSE) / networks)


def test_a_partner_that_differs_is_found(sandbox: Sandbox) -> None:
    """Where partners differ by 15 points a standing is not empty, and points the wrong way in at most 1 %."""
    random = np.random.default_rng(6)
    rows = []
    for link in range(1, 301):
        for number, nps in enumerate(random.normal(30, 15, 12).clip(-65, 65)):
            answers = random.multinomial(
                int(random.lognormal(4.3, 0.7)) + 10, [(0.7 + nps / 100) / 2, 0.3, (0.7 - nps / 100) / 2]
            )
            rows.append((link, f"p{number:02}", TRAILING[0], *answers, nps))
    truth = pd.DataFrame(rows, columns=["chain_link_key", "partner_code", "quarter_start_on", *ANSWERS, "true"])
    mart = build(sandbox, truth.drop(columns="true"))
    mart = mart[mart["period_kind"] == "quarter"].merge(
        truth[["chain_link_key", "partner_code", "true", *ANSWERS]].rename(columns={a: f"{a}_n" for a in ANSWERS})
    )
    size = mart[[f"{a}_n" for a in ANSWERS]].sum(axis=1)
    whole = (mart["true"] * size).groupby(mart["chain_link_key"]).transform("sum")
    everybody = size.groupby(mart["chain_link_key"]).transform("sum")
    distance = mart["true"] - (whole - mart["true"] * size) / (everybody - size)
    below, above = mart["standing"].eq("below"), mart["standing"].eq("above")
    assert (below | above).mean() > 0.2
    assert ((below & (distance > 0)) | (above & (distance < 0))).mean() <= 0.01
    worst = mart.loc[mart.groupby("chain_link_key")["true"].idxmin()]
    assert worst["standing"].eq("below").mean() > 0.5


# --------------------------------------------------------------------------------------------------- rank intervals


def test_rank_intervals_are_holms(sandbox: Sandbox) -> None:
    """Pair by pair with scipy, stepped down by statsmodels."""
    random = np.random.default_rng(2024)
    groups = [(random.normal(30, 20, size), random.uniform(2, 15, size)) for size in (3, 10, 40)]
    got = positions(sandbox, groups)
    for number, (means, sds) in enumerate(groups):
        pairs = list(itertools.combinations(range(len(means)), 2))
        p = [2 * stats.norm.sf(abs(means[a] - means[b]) / math.hypot(sds[a], sds[b])) for a, b in pairs]
        sure = multipletests(p, alpha=2 * stats.norm.sf(Z_95), method="holm")[0]
        better, worse = np.zeros(len(means)), np.zeros(len(means))
        for (a, b), is_sure in zip(pairs, sure, strict=True):
            high, low = (a, b) if means[a] > means[b] else (b, a)
            better[low] += is_sure
            worse[high] += is_sure
        rows = got[got["chain_link_key"] == number]
        assert rows["rank_low"].tolist() == (1 + better).tolist()
        assert rows["rank_high"].tolist() == (len(means) - worse).tolist()
        assert number == 0 or 0 < sure.sum() < len(pairs)


def test_rank_intervals_hold_all_ranks(sandbox: Sandbox) -> None:
    """In 95 % of 800 networks (less two standard errors) every interval holds the rank of the true value, and ties."""
    random, networks = np.random.default_rng(25), 800
    truths = [
        random.normal(0, random.choice([0.0, 5.0, 20.0]), int(random.integers(3, 25))).round(1) for _ in range(networks)
    ]
    sds = [random.uniform(2, 12, len(truth)) for truth in truths]
    got = positions(sandbox, [(random.normal(truth, sd), sd) for truth, sd in zip(truths, sds, strict=True)])
    held, widths = [], []
    for number, rows in got.groupby("chain_link_key"):
        best = (truths[number][None, :] > truths[number][:, None]).sum(axis=1) + 1
        last = (truths[number][None, :] >= truths[number][:, None]).sum(axis=1)
        held.append(((rows["rank_low"] <= best) & (rows["rank_high"] >= last)).all())
        widths.append(((rows["rank_high"] - rows["rank_low"]) / (len(rows) - 1)).mean())
    assert np.mean(held) >= 0.95 - 2 * math.sqrt(0.95 * 0.05 / networks)
    assert np.mean(widths) < 0.9


# ------------------------------------------------------------------------------------------- Benjamini-Hochberg


def q_values(sandbox: Sandbox, groups: list[np.ndarray]) -> list[np.ndarray]:
    """The q-values of the macro, one group after the other."""
    rows = pd.concat([pd.DataFrame({"network": link, "p": p}) for link, p in enumerate(groups)], ignore_index=True)
    rows["subject"] = rows.index
    got = sandbox.probe("statistics_probe_benjamini_hochberg", {"probe_tests": rows})
    rows = rows.merge(got, on=["network", "subject"], how="left")
    return [of_group["q_value"].to_numpy() for _, of_group in rows.groupby("network")]


def test_benjamini_hochberg_1995(sandbox: Sandbox) -> None:
    """Its 15 p-values: 9 below 0.05, 4 discoveries."""
    p = np.array(BH_1995.split(), dtype=float)
    [q] = q_values(sandbox, [p])
    assert ((p <= 0.05).sum(), (q <= 0.05).sum()) == (9, 4)
    close(q, multipletests(p, method="fdr_bh")[1])


def test_benjamini_hochberg_on_random_tests(sandbox: Sandbox) -> None:
    """With ties, ones and missing tests."""
    random = np.random.default_rng(1995)
    groups = [random.beta(0.4, 1, size).round(random.choice([2, 12])) for size in (1, 2, 7, 40, 200)]
    groups.append(np.array([0.01, np.nan, 0.2, np.nan, 0.03]))
    for p, q in zip(groups, q_values(sandbox, groups), strict=True):
        tested = ~np.isnan(p)
        close(q[tested], multipletests(p[tested], method="fdr_bh")[1])
        assert np.isnan(q[~tested]).all()


# ---------------------------------------------------------------------------------------- attack by subtraction


class Attack:
    """What follows for a hidden quarter from all that two marts show: the quarters' totals, the partners' trailing
    totals, the shown quarters, who is small, and that the other hidden ones lie below the smallest one shown."""

    def __init__(self, counts: pd.DataFrame, by_partner: pd.DataFrame, trailing: pd.DataFrame) -> None:
        cells = counts.merge(by_partner[["partner_code", "quarter_start_on", "suppression_reason"]])
        cells["responses"] = cells[ANSWERS].sum(axis=1)
        self.shown_rows = set(trailing.loc[~trailing["is_suppressed"], "partner_code"])
        self.totals = cells.groupby("partner_code")[ANSWERS].sum()
        hidden = cells["suppression_reason"].notna()
        smallest = cells[~hidden].groupby("quarter_start_on")["responses"].min()
        self.quarter_totals = cells.groupby("quarter_start_on")[ANSWERS].sum()
        self.hidden = cells[hidden].reset_index(drop=True)
        small = self.hidden["suppression_reason"].str.startswith("fewer than")
        self.least = np.where(small, 0, np.where(self.hidden["responses"] < MIN_SHOWN, 0, MIN_SHOWN))
        self.most = np.where(small, MIN_SHOWN - 1, self.hidden["quarter_start_on"].map(smallest).fillna(np.inf))
        self.constraints = self._constraints()

    def _constraints(self) -> list[optimize.LinearConstraint]:
        size = len(self.hidden)
        truth = self.hidden[ANSWERS].to_numpy().T.ravel()
        margins = [self.hidden["quarter_start_on"] == q for q in self.hidden["quarter_start_on"].unique()]
        margins += [self.hidden["partner_code"] == p for p in self.shown_rows & set(self.hidden["partner_code"])]
        sums = np.array([np.kron(answer, margin) for margin in margins for answer in np.eye(3)])
        known = optimize.LinearConstraint(sums, sums @ truth, sums @ truth)
        sizes = optimize.LinearConstraint(np.kron(np.ones(3), np.eye(size)), self.least, self.most)
        return [known, sizes]

    def can_differ(self, target: np.ndarray, truth: int) -> bool:
        """Whether all that is shown would be the same with another value of the target."""
        for sign in (-1, 1):
            found = optimize.milp(sign * target, constraints=self.constraints, integrality=np.ones(len(target)))
            assert found.success, found.message
            if round(sign * found.fun) != truth:
                return True
        return False

    def check(self) -> None:
        """No hidden number of responses, and no hidden number of answers of a kind, has only one possible value."""
        size = len(self.hidden)
        for partner, rows in self.hidden.groupby("partner_code"):
            if partner not in self.shown_rows:
                target = np.tile(self.hidden["partner_code"] == partner, 3).astype(float)
                assert self.can_differ(target, rows["responses"].sum()), f"the sum of hidden quarters is known:\n{rows}"
        for cell, row in self.hidden.iterrows():
            unit = np.eye(size)[cell]
            assert self.can_differ(np.tile(unit, 3), row["responses"]), f"responses are known:\n{row}"
            for number, answer in enumerate(ANSWERS):
                quarter_has_none = self.quarter_totals.loc[row["quarter_start_on"], answer] == 0
                shown_to_have_none = row["partner_code"] in self.shown_rows and (
                    self.totals.loc[row["partner_code"], answer] == 0
                )
                if not quarter_has_none and not shown_to_have_none:
                    target = np.kron(np.eye(3)[number], unit)
                    assert self.can_differ(target, row[answer]), f"{answer} are known:\n{row}"


def attack(sandbox: Sandbox, counts: pd.DataFrame) -> int:
    """Attack every link's trailing quarters; how many partners are shown that have a hidden quarter."""
    mart = build(sandbox, counts)
    shown_links = sandbox.build("mart_nps_by_link").query("not is_suppressed")
    shown_links["quarter_start_on"] = pd.to_datetime(shown_links["quarter_start_on"]).dt.date
    open_quarters = set(zip(shown_links["chain_link_key"], shown_links["quarter_start_on"], strict=True))
    counts = counts[counts["quarter_start_on"].isin(TRAILING)]
    mart = mart.rename(columns={"period_from": "quarter_start_on"})
    at_risk = 0
    for link, given in counts.groupby("chain_link_key"):
        if any((link, quarter) not in open_quarters for quarter in given["quarter_start_on"].unique()):
            continue
        rows = mart[mart["chain_link_key"] == link]
        case = Attack(given, rows[rows["period_kind"] == "quarter"], rows[rows["period_kind"] == "trailing"])
        shown_in_part = case.shown_rows & set(case.hidden["partner_code"])
        # else the quarters' totals are all there is: test_statistics.py attacks these
        if shown_in_part:
            case.check()
            at_risk += len(shown_in_part)
    return at_risk


def test_attack_on_partners_and_quarters(sandbox: Sandbox) -> None:
    """Both margins of partner x quarter, with all that is known of a hidden cell."""
    counts = random_counts(np.random.default_rng(4), range(1, 9), 14, [3, 8, 9, 11, 13, 20, 40])
    assert attack(sandbox, counts) > 10


def test_attack_on_sizes_at_the_bounds(sandbox: Sandbox) -> None:
    """Many hidden cells at 9, 10 and 11, where there is the least room."""
    random = np.random.default_rng(6)
    counts = random_counts(random, range(1, 16), 8, [9, 10, 11])
    assert attack(sandbox, counts) > 10


def split(size: int, detractors: int | None = None) -> tuple[int, int, int]:
    """Promoters, passives and detractors: a third each, or this many detractors."""
    third = size // 3
    return (size - 2 * third, third, third) if detractors is None else (size - 2 - detractors, 2, detractors)


AWKWARD = {
    # the trailing total less the three shown quarters is the hidden one
    "one hidden quarter": (
        {"a": [3, 20, 20, 20], "b": [4, 20, 20, 20], "c": [30, 30, 30, 30], "d": [15, 40, 40, 40]},
        {"a", "b", "d"},
    ),
    # hidden for others' sake, so at least 10 each: a sum of 20 over two quarters says that both are 10
    "a sum at its least": (
        {
            "a": [4, 4, 40, 40],
            "x": [10, 10, 40, 40],
            "y": [10, 40, 40, 40],
            "z": [40, 10, 40, 40],
            "c": [30, 30, 30, 30],
        },
        {"a", "x", "y", "z"},
    ),
    # all the detractors of the hidden cells are those of one partner: none are left for the others
    "answers of one partner": (
        {
            "i": [split(8, 2), split(8, 2), 40, 40],
            "a": [split(7, 0), 40, 40, 40],
            "b": [split(7, 0), 40, 40, 40],
            "c": [40, split(7, 0), 40, 40],
            "d": [40, split(7, 0), 40, 40],
        },
        {"i", "a", "b", "c", "d"},
    ),
    "nothing hidden": ({"a": [10, 20, 20, 20], "b": [12, 20, 20, 20]}, set()),
}


@pytest.mark.parametrize("name", AWKWARD)
def test_partners_that_would_give_a_quarter_away(sandbox: Sandbox, name: str) -> None:
    """The cases in which each condition alone keeps a partner's trailing total hidden."""
    sizes, hidden = AWKWARD[name]
    rows = [
        (1, code, quarter, *(split(size) if isinstance(size, int) else size))
        for code, partner_sizes in sizes.items()
        for quarter, size in zip(TRAILING, partner_sizes, strict=True)
    ]
    counts = pd.DataFrame(rows, columns=["chain_link_key", "partner_code", "quarter_start_on", *ANSWERS])
    mart = build(sandbox, counts)
    trailing = mart[mart["period_kind"] == "trailing"]
    assert set(trailing.loc[trailing["is_suppressed"], "partner_code"]) == hidden
    attack(sandbox, counts)
