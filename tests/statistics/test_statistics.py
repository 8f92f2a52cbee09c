"""The statistics of the warehouse against published values, scipy, lifelines, statsmodels and plain arithmetic.

Nothing here repeats the SQL: the expected figures come from other people's code or from formulas written out again.
"""

import itertools
import math
import re
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test
from scipy import stats
from statsmodels.duration.survfunc import survdiff
from statsmodels.stats.proportion import proportion_confint

from study.sql_harness import PROJECT, Sandbox, close

Z_95 = 1.959964
# lifelines takes a level, not a quantile: the level that belongs to the project's rounded quantile
ALPHA = 2 * stats.norm.sf(Z_95)
MIN_SHOWN = 10
CATEGORIES = ("promoter", "passive", "detractor")
HORIZONS = (90, 180, 395, 730)
AUTOMOTIVE_WINDOW = 395

# Freireich et al. (1963), the arm treated with 6-MP: weeks in remission
FREIREICH = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
FREIREICH_PLACEBO = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"


# ---------------------------------------------------------------------------------------------- distributions


def probe_distributions(sandbox: Sandbox, x: np.ndarray, df: int = 1) -> pd.DataFrame:
    """The distribution macros at each x."""
    rows = pd.DataFrame({"x": x, "df": df})
    return sandbox.probe("statistics_probe_distributions", {"probe_distributions": rows})


def test_normal_distribution_is_exact_to_the_last_digits(sandbox: Sandbox) -> None:
    """1e-15 absolute everywhere, and both tails to a relative 5e-13, as far as doubles go."""
    around_the_switch = 3.5 + np.linspace(-1e-6, 1e-6, 11)
    x = np.concatenate([np.linspace(-37, 37, 20_001), around_the_switch, -around_the_switch, [0.0, 1.959964]])
    got = probe_distributions(sandbox, x)
    assert np.abs(got["normal_cdf"] - stats.norm.cdf(got["x"])).max() < 1e-15
    assert np.abs(got["normal_sf"] - stats.norm.sf(got["x"])).max() < 1e-15
    lower, upper = got[got["x"] <= 0], got[got["x"] >= 0]
    np.testing.assert_allclose(lower["normal_cdf"], stats.norm.cdf(lower["x"]), rtol=5e-13, atol=0)
    np.testing.assert_allclose(upper["normal_sf"], stats.norm.sf(upper["x"]), rtol=5e-13, atol=0)
    np.testing.assert_allclose(got["two_sided_p"], 2 * stats.norm.sf(got["x"].abs()), rtol=5e-13, atol=0)


def test_normal_distribution_at_the_ends(sandbox: Sandbox) -> None:
    """Beyond 37 the tail is 0; nothing in, nothing out."""
    got = probe_distributions(sandbox, np.array([-np.inf, -40.0, 40.0, np.inf, None], dtype=object).astype(float))
    expected = pd.Series([0.0, 0.0, 1.0, 1.0])
    close(got["normal_cdf"][:4], expected)
    null = sandbox.probe(
        "statistics_probe_distributions", {"probe_distributions": pd.DataFrame({"x": [None], "df": [1]}).astype(float)}
    )
    assert null[["normal_cdf", "normal_sf", "two_sided_p", "chi_square_sf"]].isna().all(axis=None)


@pytest.mark.parametrize("df", [1, 2, 3])
def test_chi_square_tail(sandbox: Sandbox, df: int) -> None:
    """Against scipy, into the far tail."""
    x = np.concatenate([[0.0, 1e-12, 3.841458820694124], np.linspace(0.01, 300, 5_000)])
    got = probe_distributions(sandbox, x, df)
    np.testing.assert_allclose(got["chi_square_sf"], stats.chi2.sf(got["x"], df), rtol=1e-12, atol=0)


def test_upper_quantile_of_the_normal_distribution(sandbox: Sandbox) -> None:
    """Against scipy, in all three of its ranges and where they meet."""
    p = np.concatenate([np.linspace(1e-4, 0.5, 4_001), np.logspace(-200, -4, 500), [0.075, 1.4e-11, 1.38e-11, 0.025]])
    rows = pd.DataFrame({"p": p, "t": 1.0, "freedom": 30.0})
    got = sandbox.probe("statistics_probe_quantiles", {"probe_quantiles": rows})
    np.testing.assert_allclose(got["normal_upper_quantile"], stats.norm.isf(got["p"]), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("freedom", [20, 27, 100, 10_000])
def test_student_by_the_normal_distribution(sandbox: Sandbox, freedom: int) -> None:
    """Wallace's bound: tails to 1 % of themselves up to 4 from 20 degrees of freedom, and its exact inverse."""
    t = np.linspace(-4, 4, 161)
    rows = pd.DataFrame({"p": 0.1, "t": t, "freedom": float(freedom)})
    got = sandbox.probe("statistics_probe_quantiles", {"probe_quantiles": rows})
    np.testing.assert_allclose(stats.norm.sf(got["student_deviate"]), stats.t.sf(np.abs(t), freedom), rtol=1e-2)
    back = sandbox.probe("statistics_probe_quantiles", {"probe_quantiles": rows.assign(t=got["student_deviate"])})
    close(back["student_quantile"], np.abs(t))


# ------------------------------------------------------------------------------------------------------- scores


def probe_scores(sandbox: Sandbox, counts: list[tuple[int, int, int]]) -> pd.DataFrame:
    """The NPS macros for (detractors, passives, promoters)."""
    rows = pd.DataFrame(
        [(d, p, d + m + p, 5) for d, m, p in counts], columns=["detractors", "promoters", "responses", "score"]
    )
    return sandbox.probe("statistics_probe_scores", {"probe_scores": rows})


def wald(detractors: float, passives: float, promoters: float) -> tuple[float, float]:
    """NPS and standard error, in points, from the scores themselves: the mean and the population variance."""
    weights = np.array([detractors, passives, promoters], dtype=float)
    values = np.array([-100.0, 0.0, 100.0])
    mean = np.average(values, weights=weights)
    return mean, math.sqrt(np.average((values - mean) ** 2, weights=weights) / weights.sum())


def test_published_scores(sandbox: Sandbox) -> None:
    """The check values of Rocks (2016) and of the definitions."""
    one, two = probe_scores(sandbox, [(1, 2, 3), (2, 3, 7)]).to_dict("records")
    assert round(one["nps"], 1) == 33.3
    assert round(one["nps_standard_error"] / 100, 3) == 0.304
    close((one["nps_standard_error"] / 100) ** 2 * 6, 5 / 9)
    assert round(two["nps"], 1) == 41.7
    assert round(two["nps_adjusted"], 1) == 33.3
    assert (round(two["nps_ci_low"], 1), round(two["nps_ci_high"], 1)) == (-5.5, 72.2)


def test_scores_on_random_counts(sandbox: Sandbox) -> None:
    """NPS, standard errors and intervals on counts from one to millions, and on answers all alike."""
    random = np.random.default_rng(20160)
    counts = [tuple(map(int, random.integers(0, 10**power, 3))) for power in range(1, 8) for _ in range(60)]
    counts += [(0, 0, 1), (1, 0, 0), (0, 1, 0), (0, 0, 1_000_000), (5, 0, 5)]
    counts = [count for count in counts if sum(count)]
    got = probe_scores(sandbox, counts)
    plain = np.array([wald(*count) for count in counts])
    adjusted = np.array([wald(d + 0.75, m + 1.5, p + 0.75) for d, m, p in counts])
    close(got["nps"], plain[:, 0])
    close(got["nps_standard_error"], plain[:, 1])
    close(got["nps_adjusted"], adjusted[:, 0])
    close(got["nps_adjusted_standard_error"], adjusted[:, 1])
    close(got["nps_ci_low"], np.maximum(adjusted[:, 0] - Z_95 * adjusted[:, 1], -100))
    close(got["nps_ci_high"], np.minimum(adjusted[:, 0] + Z_95 * adjusted[:, 1], 100))


def test_intervals_of_proportions(sandbox: Sandbox) -> None:
    """Wilson's, against statsmodels from one to millions; none without anybody, or of more than all."""
    random = np.random.default_rng(1927)
    wholes = [int(random.integers(1, 10**power)) for power in range(1, 8) for _ in range(40)]
    parts = [int(random.integers(0, whole + 1)) for whole in wholes]
    rows = pd.DataFrame({"part": [*parts, 0, 7, 3, 0], "whole": [*wholes, 12, 7, 2, 0]})
    got = sandbox.probe("statistics_probe_proportion", {"probe_proportions": rows})
    within = got[(got["whole"] > 0) & (got["part"] <= got["whole"])]
    assert len(within) == len(rows) - 2
    level = 2 * stats.norm.sf(1.959964)
    low, high = proportion_confint(within["part"], within["whole"], alpha=level, method="wilson")
    close(within["ci_low"], low)
    close(within["ci_high"], high)
    assert got.drop(within.index)[["ci_low", "ci_high"]].isna().all(axis=None)
    assert within["ci_low"].min() == 0
    assert within["ci_high"].max() == 1


@pytest.mark.parametrize("decimals", [6, 12, 15, 16, 17, 30, 36, 40, 60])
def test_a_quantile_may_have_any_number_of_decimals(sandbox: Sandbox, decimals: int) -> None:
    """As a decimal one of sixteen would overflow; the project's SQL with another value of the var."""
    quantile = "1.9599639845400542355245944305205515279555456564"[: decimals + 2].ljust(decimals + 2, "0")
    node = "statistics_probe_scores"
    written = "cast('1.959964' as double)"
    queries = sandbox.project.queries
    assert queries[node].count(written) == 2
    query = queries[node].replace(written, f"cast('{quantile}' as double)")
    longer = replace(sandbox.project, queries=queries | {node: query})
    got = probe_scores(Sandbox(longer), [(20, 30, 50)])
    nps, error = wald(20.75, 31.5, 50.75)
    z = stats.norm.ppf(0.975)
    tolerance = 1e-5 if decimals == 6 else 1e-9
    close(got["nps_ci_low"], nps - z * error, tolerance)
    close(got["nps_ci_high"], nps + z * error, tolerance)


def test_no_var_with_decimals_is_multiplied_as_a_decimal() -> None:
    """The quantiles of intervals, which somebody may give with all the digits that a library prints."""
    sources = [path for folder in ("models", "macros") for path in (PROJECT / folder).rglob("*.sql")]
    texts = {path.name: path.read_text(encoding="utf-8") for path in sources}
    assert [name for name, text in texts.items() if re.search(r"(?<!double_)var\('z_", text)] == []
    assert sum(text.count("double_var('z_") for text in texts.values()) >= 10


def test_no_responses_give_no_figures(sandbox: Sandbox) -> None:
    """An undefined ratio is null, never 0."""
    got = probe_scores(sandbox, [(0, 0, 0)])
    figures = [
        column for column in got if column.startswith("nps") and column not in {"nps_category", "nps_contribution"}
    ]
    assert len(figures) == 6
    assert got[figures].isna().all(axis=None)


def test_categories(sandbox: Sandbox) -> None:
    """0-6, 7-8, 9-10; what is no score belongs to no category."""
    scores = [-1, *range(11), 11]
    rows = pd.DataFrame({"score": scores, "promoters": 0, "detractors": 0, "responses": 0})
    got = sandbox.probe("statistics_probe_scores", {"probe_scores": rows})
    expected = [None] + ["detractor"] * 7 + ["passive"] * 2 + ["promoter"] * 2 + [None]
    assert [None if pd.isna(category) else category for category in got["nps_category"]] == expected
    close(got["nps_contribution"], [np.nan] + [-100] * 7 + [0] * 2 + [100] * 2 + [np.nan])


# ----------------------------------------------------------------------------------------------------- survival


def subjects(listing: str, **columns: object) -> pd.DataFrame:
    """Subjects from the usual notation: '6+' is censored at 6."""
    times = listing.split()
    return pd.DataFrame(
        {"duration": [int(time.rstrip("+")) for time in times], "is_event": ["+" not in time for time in times]}
        | columns
    )


def random_subjects(random: np.random.Generator, study: int, categories: int = 1) -> pd.DataFrame:
    """Right-censored subjects with many ties; sizes from one to hundreds."""
    size = int(random.choice([1, 2, 5, 30, 300]))
    longest = int(random.choice([3, 20, 400]))
    return pd.DataFrame(
        {
            "study": study,
            "category": [CATEGORIES[c] for c in random.integers(0, categories, size)],
            "duration": random.integers(1, longest + 1, size),
            "is_event": random.random(size) < random.choice([0.0, 0.2, 0.6, 1.0], p=[0.1, 0.3, 0.4, 0.2]),
        }
    )


def fitted(durations: pd.Series, is_event: pd.Series) -> KaplanMeierFitter:
    """The lifelines curve."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return KaplanMeierFitter(alpha=ALPHA).fit(durations, is_event)


def test_kaplan_meier_on_freireich(sandbox: Sandbox) -> None:
    """The published survival of the 6-MP arm."""
    got = sandbox.probe("statistics_probe_kaplan_meier", {"probe_subjects": subjects(FREIREICH, study=1)})
    at_events = got[got["events"] > 0].sort_values("duration")
    assert at_events["duration"].tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert at_events["survival"].round(3).tolist() == [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert at_events["at_risk"].tolist() == [21, 17, 15, 12, 11, 7, 6]


def test_kaplan_meier_on_random_subjects(sandbox: Sandbox) -> None:
    """Curve, risk sets, Greenwood and interval against lifelines, 120 studies at once."""
    random = np.random.default_rng(1958)
    studies = [random_subjects(random, study) for study in range(120)]
    rows = pd.concat(studies, ignore_index=True)
    got = sandbox.probe("statistics_probe_kaplan_meier", {"probe_subjects": rows}).sort_values(["study", "duration"])
    assert len(got) == len(rows[["study", "duration"]].drop_duplicates())
    for study, curve in got.groupby("study"):
        km = fitted(studies[study]["duration"], studies[study]["is_event"])
        times = curve["duration"].to_numpy()
        table = km.event_table.loc[times]
        survival = km.survival_function_.loc[times].to_numpy()[:, 0]
        assert curve["at_risk"].tolist() == table["at_risk"].tolist()
        assert curve["events"].tolist() == table["observed"].tolist()
        assert curve["censored"].tolist() == table["censored"].tolist()
        close(curve["survival"], survival)
        open_curve = (survival > 0).tolist()
        close(curve["greenwood_variance"][open_curve], (survival**2 * greenwood_sum(km, times))[open_curve])
        assert curve["greenwood_variance"][~np.array(open_curve)].isna().all()
        inside = (survival > 0) & (survival < 1)
        bounds = km.confidence_interval_.loc[times].to_numpy()
        close(curve["retention_ci_low"][inside], 1 - bounds[inside, 1])
        close(curve["retention_ci_high"][inside], 1 - bounds[inside, 0])
        assert curve.loc[~inside, ["retention_ci_low", "retention_ci_high"]].isna().all(axis=None)


def greenwood_sum(km: KaplanMeierFitter, times: np.ndarray) -> np.ndarray:
    """Greenwood's sum of d / (n (n - d)) up to each time, from the risk table that lifelines made."""
    deaths, at_risk = km.event_table["observed"].to_numpy(float), km.event_table["at_risk"].to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(deaths > 0, deaths / (at_risk * (at_risk - deaths)), 0.0)
    return pd.Series(np.cumsum(terms), index=km.event_table.index).loc[times].to_numpy()


def cut_at(rows: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """The subjects with their follow-up ended at the horizon."""
    is_event = rows["is_event"] & (rows["duration"] <= horizon)
    return rows.assign(is_event=is_event, duration=rows["duration"].clip(upper=horizon))


def expected_log_rank(rows: pd.DataFrame, horizon: int) -> tuple[float, int, float] | None:
    """lifelines' test on the categories that have anybody at risk at the first event; None where there is no test."""
    cut = cut_at(rows, horizon)
    first_event = cut.loc[cut["is_event"], "duration"].min()
    cut = cut[cut["duration"] >= first_event]
    categories = cut["category"].nunique()
    if categories < 2:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = multivariate_logrank_test(cut["duration"], cut["category"], cut["is_event"])
    return result.test_statistic, categories - 1, result.p_value


def singular(rows: pd.DataFrame, horizon: int) -> bool:
    """Nothing is random in the risk sets: each event time has one category at risk, or all at risk leave."""
    cut = cut_at(rows, horizon)
    times = sorted(cut.loc[cut["is_event"], "duration"].unique())
    categories = sorted(cut.loc[cut["duration"] >= times[0], "category"].unique())
    variance = np.zeros((len(categories), len(categories)))
    for time in times:
        n = np.array([((cut["category"] == c) & (cut["duration"] >= time)).sum() for c in categories], dtype=float)
        d, total = ((cut["duration"] == time) & cut["is_event"]).sum(), n.sum()
        if total > 1:
            share = n / total
            variance += d * (total - d) / (total - 1) * (np.diag(share) - np.outer(share, share))
    return np.linalg.matrix_rank(variance, tol=1e-9) < len(categories) - 1


@pytest.mark.parametrize("categories", [2, 3])
def test_log_rank_on_random_subjects(sandbox: Sandbox, categories: int) -> None:
    """Chi-square, degrees of freedom and p against lifelines and statsmodels, with the follow-up cut."""
    random = np.random.default_rng(1966 + categories)
    studies = [
        random_subjects(random, study, categories).assign(horizon=int(random.choice([2, 15, 150, 1000])))
        for study in range(150)
    ]
    got = sandbox.probe(
        "statistics_probe_log_rank", {"probe_subjects": pd.concat(studies, ignore_index=True)}
    ).set_index("study")
    tested = 0
    for study, rows in enumerate(studies):
        expected = expected_log_rank(rows, rows["horizon"].iloc[0])
        assert (study in got.index) == (expected is not None)
        if expected is None:
            continue
        actual = got.loc[study]
        assert actual["df"] == expected[1]
        if singular(rows, rows["horizon"].iloc[0]):
            assert pd.isna(actual["chi2"]) and pd.isna(actual["p"])
            continue
        close([actual["chi2"], actual["p"]], [expected[0], expected[2]])
        tested += 1
    assert tested > 60


def test_log_rank_on_freireich(sandbox: Sandbox) -> None:
    """16.79 for 6-MP against placebo, as in every textbook; statsmodels agrees."""
    rows = pd.concat(
        [subjects(FREIREICH, category="promoter"), subjects(FREIREICH_PLACEBO, category="detractor")], ignore_index=True
    ).assign(study=1, horizon=35)
    got = sandbox.probe("statistics_probe_log_rank", {"probe_subjects": rows}).iloc[0]
    assert round(got["chi2"], 2) == 16.79
    chi2, p = survdiff(rows["duration"], rows["is_event"].astype(int), rows["category"])
    close([got["chi2"], got["p"]], [chi2, p])


# ----------------------------------------------------------------------------------------- the retention mart

EDGE_CASES = {
    "no events": [("promoter", 40, 500, False), ("passive", 30, 800, False), ("detractor", 20, 600, False)],
    "all events on one day": [("promoter", 40, 60, True), ("passive", 30, 60, True), ("detractor", 20, 60, True)],
    "a category without anybody": [
        ("promoter", 20, 60, True),
        ("promoter", 20, 800, False),
        ("detractor", 20, 90, True),
    ],
    "all censored before the horizon": [
        ("promoter", 20, 30, False),
        ("passive", 20, 40, False),
        ("detractor", 20, 50, False),
    ],
    "curve at 0 before the horizon": [
        ("promoter", 20, 30, True),
        ("passive", 20, 800, False),
        ("detractor", 20, 91, True),
    ],
    "followed exactly to the horizon": [
        ("promoter", 20, 90, False),
        ("passive", 15, 90, True),
        ("passive", 15, 91, False),
    ],
    "too few": [
        ("promoter", 40, 60, True),
        ("promoter", 40, 900, False),
        ("detractor", 9, 60, True),
        ("passive", 10, 70, True),
    ],
}


def retention_rows(cells: list[tuple[str, int, int, bool]], link: int) -> pd.DataFrame:
    """fct_retention of one link from (category, number, duration, is_event)."""
    rows = [(category, days, is_event) for category, number, days, is_event in cells for _ in range(number)]
    return pd.DataFrame(rows, columns=["nps_category", "duration_days", "is_event"]).assign(chain_link_key=link)


def random_retention(random: np.random.Generator, link: int) -> pd.DataFrame:
    """fct_retention of one link, with weekly ties."""
    size = int(random.integers(5, 600))
    category = random.choice(CATEGORIES, size, p=random.dirichlet([2, 1, 1]))
    visit = np.ceil(random.exponential(300, size) / 7).astype(int) * 7
    followed = random.integers(1, 900, size)
    return pd.DataFrame(
        {
            "nps_category": category,
            "duration_days": np.minimum(visit, followed),
            "is_event": visit <= followed,
            "chain_link_key": link,
        }
    )


def give_chain(sandbox: Sandbox, links: list[int]) -> None:
    """One automotive chain that owns all the links."""
    chain = {
        "chain_key": 1001,
        "industry_code": "automotive",
        "retention_window_days": AUTOMOTIVE_WINDOW,
    }
    sandbox.give("dim_chain", pd.DataFrame([chain]))
    chain_links = {"chain_link_key": links, "chain_key": 1001, "chain_code": "automotive_nl", "link_code": "dealer"}
    sandbox.give("dim_chain_link", pd.DataFrame(chain_links))
    sandbox.give("retention_horizons", pd.DataFrame({"industry_code": "automotive", "horizon_days": HORIZONS}))


def build_retention(sandbox: Sandbox, links: dict[int, pd.DataFrame]) -> pd.DataFrame:
    """The retention mart of the given links."""
    give_chain(sandbox, list(links))
    rows = pd.concat(links.values(), ignore_index=True).assign(retention_measure="chain")
    sandbox.give("fct_retention", rows)
    sandbox.build("int_retention_curve")
    return sandbox.build("mart_retention_by_nps_category")


def check_retention_cell(cell: pd.Series, rows: pd.DataFrame) -> None:
    """One row of the mart against lifelines on the same subjects."""
    horizon = cell["horizon_days"]
    assert cell["is_retention_window"] == (horizon == AUTOMOTIVE_WINDOW)
    assert cell["is_suppressed"] == (len(rows) < MIN_SHOWN)
    if len(rows) < MIN_SHOWN:
        assert cell["suppression_reason"] == "fewer than 10 responses"
        assert cell[["at_risk_at_start", "events", "retention", "retention_se", "retention_ci_low"]].isna().all()
        return
    assert pd.isna(cell["suppression_reason"])
    days, is_event = rows["duration_days"], rows["is_event"]
    assert cell["at_risk_at_start"] == len(rows)
    assert cell["at_risk_at_horizon"] == (days >= horizon).sum()
    assert cell["events"] == (is_event & (days <= horizon)).sum()
    assert cell["censored"] == (~is_event & (days < horizon)).sum()
    km = fitted(days, is_event)
    survival = km.predict(horizon)
    if days.max() < horizon and survival > 0:
        assert cell[["retention", "retention_se", "retention_ci_low", "retention_ci_high"]].isna().all()
        return
    close(cell["retention"], 1 - survival)
    if survival == 0:
        assert pd.isna(cell["retention_se"])
    else:
        last = km.event_table.index[km.event_table.index <= horizon].max()
        close(cell["retention_se"], survival * math.sqrt(greenwood_sum(km, np.array([last]))[0]))
    if 0 < survival < 1:
        low, high = km.confidence_interval_.loc[:horizon].iloc[-1]
        close(cell[["retention_ci_low", "retention_ci_high"]], [1 - high, 1 - low])
    else:
        assert cell[["retention_ci_low", "retention_ci_high"]].isna().all()


def check_retention(mart: pd.DataFrame, links: dict[int, pd.DataFrame]) -> None:
    """Every cell and every test of the mart."""
    assert len(mart) == len(links) * len(CATEGORIES) * len(HORIZONS)
    for (link, horizon), cells in mart.groupby(["chain_link_key", "horizon_days"]):
        rows = links[link]
        assert sorted(cells["nps_category"]) == sorted(CATEGORIES)
        for _, cell in cells.iterrows():
            check_retention_cell(cell, rows[rows["nps_category"] == cell["nps_category"]])
        tested = rows.rename(columns={"nps_category": "category", "duration_days": "duration"})
        expected = expected_log_rank(tested, horizon)
        hidden = rows["nps_category"].value_counts().lt(MIN_SHOWN).any()
        got = cells[["log_rank_chi2", "log_rank_df", "log_rank_p"]]
        if hidden or expected is None:
            assert got.isna().all(axis=None)
        elif singular(tested, horizon):
            assert got["log_rank_p"].isna().all()
        else:
            close(got, [expected] * len(CATEGORIES))


@pytest.mark.parametrize("name", EDGE_CASES)
def test_retention_edge_cases(sandbox: Sandbox, name: str) -> None:
    """The corners of the definitions."""
    links = {10013: retention_rows(EDGE_CASES[name], 10013)}
    check_retention(build_retention(sandbox, links), links)


def test_retention_on_random_links(sandbox: Sandbox) -> None:
    """Twenty links of every size at once."""
    random = np.random.default_rng(395)
    links = {link: random_retention(random, link) for link in range(1, 21)}
    check_retention(build_retention(sandbox, links), links)


def test_retention_does_not_depend_on_the_order_of_rows(sandbox: Sandbox) -> None:
    """To the last bit, with one thread and with many, on enough rows for the threads to share them out."""
    random = np.random.default_rng(4)
    size = 200_000
    rows = pd.DataFrame(
        {
            "chain_link_key": random.integers(1, 41, size),
            "nps_category": random.choice(CATEGORIES, size),
            "duration_days": random.integers(1, 1000, size),
            "is_event": random.random(size) < 0.3,
        }
    )
    order = ["chain_link_key", "nps_category", "horizon_days"]
    marts = []
    for threads, given in ((4, rows), (1, rows.sample(frac=1, random_state=1)), (3, rows[::-1])):
        sandbox.connection.execute(f"set threads = {threads}")
        mart = build_retention(sandbox, {link: given[given["chain_link_key"] == link] for link in range(1, 41)})
        marts.append(mart.sort_values(order, ignore_index=True))
    assert marts[0]["log_rank_p"].notna().all()
    for mart in marts[1:]:
        pd.testing.assert_frame_equal(marts[0], mart, check_exact=True)


# ----------------------------------------------------------------------------------- NPS marts and suppression

QUARTERS = pd.date_range("2022-01-01", periods=9, freq="QS").date
# the last quarter is not over yet
TRAILING = QUARTERS[-5:-1]
ANSWERS = {"is_promoter": 1, "is_passive": 0, "is_detractor": 0}


def random_responses(random: np.random.Generator, links: list[int], partners: int) -> pd.DataFrame:
    """One row per response; partners of very unequal size, many below the threshold."""
    frames = []
    for link, quarter in itertools.product(links, QUARTERS):
        sizes = random.choice([0, 0, 1, 3, 9, 10, 10, 11, 25, 60], partners)
        present = random.integers(1, partners + 1)
        partner = np.repeat(np.arange(partners), np.where(np.arange(partners) < present, sizes, 0)) + link * 100
        category = random.choice(3, len(partner), p=random.dirichlet([2, 1, 1]))
        frame = pd.DataFrame({"chain_link_key": link, "partner_key": partner, "quarter_start_on": quarter})
        for number, column in enumerate(ANSWERS):
            frame[column] = (category == number).astype(int)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def invitations_for(responses: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Each response had an invitation in its quarter; as many again went unanswered or bounced."""
    keys = responses[["chain_link_key", "partner_key", "quarter_start_on"]]
    unanswered = keys.assign(is_answered=0, is_delivered=(random.random(len(keys)) < 0.9).astype(int))
    return pd.concat([keys.assign(is_answered=1, is_delivered=1), unanswered], ignore_index=True)


def build_nps(
    sandbox: Sandbox, responses: pd.DataFrame, invitations: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both NPS marts."""
    partners = sorted({*responses["partner_key"], *invitations["partner_key"]})
    give_chain(sandbox, sorted({*responses["chain_link_key"], *invitations["chain_link_key"]}))
    first_day = pd.Timestamp("2020-01-01").date()
    sandbox.give(
        "dim_partner",
        pd.DataFrame(
            {
                "partner_key": partners,
                "partner_code": [f"p{key}" for key in partners],
                "partner_name": [f"Partner {key}" for key in partners],
                "valid_from": first_day,
            }
        ),
    )
    sandbox.give("int_period", pd.DataFrame({"trailing_from": [TRAILING[0]], "trailing_to": [TRAILING[-1]]}))
    dates = {"quarter_start_on": "date"}
    sandbox.give("fct_nps_response", responses, dates)
    sandbox.give("fct_survey_invitation", invitations, dates)
    sandbox.build("int_nps_counts")
    sandbox.leave_out_nonresponse()
    return sandbox.build("mart_nps_by_link"), sandbox.build("mart_nps_by_partner")


@pytest.fixture
def nps_marts(sandbox: Sandbox) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Random responses and invitations, and the marts made of them."""
    random = np.random.default_rng(10)
    responses = random_responses(random, list(range(1, 31)), 12)
    invitations = invitations_for(responses, random)
    by_link, by_partner = build_nps(sandbox, responses, invitations)
    return responses, invitations, by_link, by_partner


def counts_of(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Counts per cell, by pandas."""
    counts = rows.groupby(keys)[list(ANSWERS)].sum()
    counts.columns = ["promoters", "passives", "detractors"]
    return counts.assign(responses=counts.sum(axis=1))


def with_truth(mart: pd.DataFrame, responses: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The mart beside the true counts (`true_...`)."""
    mart = mart.assign(quarter_start_on=pd.to_datetime(mart["quarter_start_on"]).dt.date)
    truth = counts_of(responses, keys).add_prefix("true_").reset_index()
    return mart.merge(truth, on=keys, how="left").fillna({f"true_{c}": 0 for c in COUNTS})


COUNTS = ("responses", "promoters", "passives", "detractors")


def test_shown_figures_are_right_and_hidden_ones_are_gone(nps_marts: tuple) -> None:
    """Counts, rate, NPS and interval of shown cells; nothing but invitations of hidden ones."""
    responses, invitations, by_link, by_partner = nps_marts
    responses = responses.assign(partner_code="p" + responses["partner_key"].astype(str))
    invitations = invitations.assign(partner_code="p" + invitations["partner_key"].astype(str))
    for mart, keys in (
        (by_link, ["chain_link_key", "quarter_start_on"]),
        (by_partner, ["chain_link_key", "partner_code", "quarter_start_on"]),
    ):
        cells = with_truth(mart, responses, keys)
        sent = invitations.groupby(keys).agg(sent=("is_answered", "size"), delivered=("is_delivered", "sum"))
        cells = cells.merge(sent.reset_index(), on=keys)
        assert len(cells) == len(mart) == len(sent)
        shown, hidden = cells[~cells["is_suppressed"]], cells[cells["is_suppressed"]]
        assert len(shown) and len(hidden)
        assert hidden["suppression_reason"].notna().all() and shown["suppression_reason"].isna().all()
        rates = ["response_rate", "response_rate_ci_low", "response_rate_ci_high"]
        assert hidden[[*COUNTS, "nps", "nps_ci_low", "nps_ci_high", *rates]].isna().all(axis=None)
        close(cells["invitations"], cells["sent"])
        assert (shown["true_responses"] >= MIN_SHOWN).all()
        for count in COUNTS:
            close(shown[count], shown[f"true_{count}"])
        close(shown["response_rate"], shown["responses"] / shown["delivered"])
        level = 2 * stats.norm.sf(1.959964)
        wilson = proportion_confint(shown["responses"], shown["delivered"], alpha=level, method="wilson")
        close(shown[rates[1:]], np.c_[wilson])
        adjusted = [
            wald(d + 0.75, m + 1.5, p + 0.75) for d, m, p in shown[["detractors", "passives", "promoters"]].values
        ]
        close(shown["nps"], 100 * (shown["promoters"] - shown["detractors"]) / shown["responses"])
        close(shown["nps_ci_low"], [max(centre - Z_95 * error, -100) for centre, error in adjusted])
        close(shown["nps_ci_high"], [min(centre + Z_95 * error, 100) for centre, error in adjusted])


def test_evidence(nps_marts: tuple) -> None:
    """Hidden, indicative from 10, full from 30 responses."""
    by_partner = nps_marts[3]
    responses = by_partner["responses"].fillna(0)
    expected = np.where(by_partner["is_suppressed"], "hidden", np.where(responses < 30, "indicative", "full"))
    assert by_partner["evidence"].tolist() == expected.tolist()
    assert set(by_partner["evidence"]) == {"hidden", "indicative", "full"}


def possible_values(total: int, bounds: list[tuple[int, int]], cell: int) -> tuple[int, int]:
    """The least and the most a hidden cell can be, knowing their sum and everybody's bounds."""
    others = [bound for number, bound in enumerate(bounds) if number != cell]
    return (
        max(bounds[cell][0], total - sum(high for _, high in others)),
        min(bounds[cell][1], total - sum(low for low, _ in others)),
    )


def attack(cells: pd.DataFrame) -> None:
    """Subtract the shown cells from their total, knowing the rule: no hidden cell must have only one possible value."""
    hidden, shown = cells[cells["is_suppressed"]], cells[~cells["is_suppressed"]]
    if hidden.empty:
        return
    rest = {count: int(cells[f"true_{count}"].sum() - shown[count].sum()) for count in COUNTS}
    most = int(shown["responses"].min()) if len(shown) else rest["responses"]
    small = hidden["suppression_reason"].str.startswith("fewer than")
    whole = not small.any()
    bounds = [(0, MIN_SHOWN - 1) if is_small else ((0 if whole else MIN_SHOWN), most) for is_small in small]
    assert len(hidden) >= 2, "one hidden cell is the difference"
    assert rest["responses"] >= MIN_SHOWN, "the hidden cells together are a group too small to show"
    for cell in range(len(bounds)):
        low, high = possible_values(rest["responses"], bounds, cell)
        assert low < high, f"a hidden number of responses can only be {low}: {bounds}, {rest}"
    for count in COUNTS[1:]:
        total = cells[f"true_{count}"].sum()
        assert rest[count] > 0 or total == 0, f"no {count} are left, so every hidden cell has none"


def test_subtraction_attack_on_partners(nps_marts: tuple) -> None:
    """The link-quarter is the total of its partners."""
    responses, _, by_link, by_partner = nps_marts
    responses = responses.assign(partner_code="p" + responses["partner_key"].astype(str))
    keys = ["chain_link_key", "quarter_start_on"]
    cells = with_truth(by_partner, responses, [*keys, "partner_code"])
    totals = with_truth(by_link, responses, keys).set_index(keys)["is_suppressed"]
    attacked = 0
    for key, siblings in cells.groupby(keys):
        if totals[key]:
            assert siblings["is_suppressed"].all(), "the partners add up to a hidden total"
            continue
        if siblings["true_responses"].sum() > 0:
            attack(siblings)
            attacked += 1
    assert attacked > 100


@pytest.mark.parametrize(
    ("sizes", "hidden"),
    [
        ([5, 30, 40], [5, 30]),
        ([3, 4, 50, 60], [3, 4, 50]),
        ([4, 9, 50, 60], [4, 9]),
        # 10 is the least that a complementary cell can be, so that the small one would be known to be 0
        ([0, 10, 12, 30], [0, 10, 12]),
        # 18 from two cells of at most 9
        ([9, 9, 20, 25], [9, 9, 20]),
        # the next smallest lies between 10 and the smallest one shown: hidden, but known
        ([3, 10, 10, 20], [3, 10, 10]),
        ([10, 11, 30], []),
    ],
)
def test_subtraction_attack_on_awkward_sizes(sandbox: Sandbox, sizes: list[int], hidden: list[int]) -> None:
    """The sizes at which the plain rule (two cells, ten responses) would give a figure away."""
    answers = [(partner, number % 3) for partner, size in enumerate(sizes) for number in range(size)]
    responses = pd.DataFrame(answers, columns=["partner_key", "category"])
    responses = responses.assign(chain_link_key=1, quarter_start_on=QUARTERS[0])
    for number, column in enumerate(ANSWERS):
        responses[column] = (responses["category"] == number).astype(int)
    invitations = pd.DataFrame({"partner_key": range(len(sizes)), "is_delivered": 1, "is_answered": 0})
    invitations = invitations.assign(chain_link_key=1, quarter_start_on=QUARTERS[0])
    _, by_partner = build_nps(sandbox, responses, invitations)
    responses = responses.assign(partner_code="p" + responses["partner_key"].astype(str))
    cells = with_truth(by_partner, responses, ["chain_link_key", "quarter_start_on", "partner_code"])
    attack(cells)
    assert sorted(cells.loc[cells["is_suppressed"], "true_responses"]) == hidden


def test_subtraction_attack_on_quarters(nps_marts: tuple) -> None:
    """The trailing four quarters and the quarters before them are the totals of a link."""
    responses, _, by_link, _ = nps_marts
    cells = with_truth(by_link, responses, ["chain_link_key", "quarter_start_on"])
    cells["is_trailing"] = cells["quarter_start_on"].isin(TRAILING)
    for _, siblings in cells.groupby(["chain_link_key", "is_trailing"]):
        attack(siblings)


def test_more_is_hidden_only_where_something_is_small(nps_marts: tuple) -> None:
    """Where every cell of a total has enough responses, and the total is shown, nothing is hidden."""
    responses, _, by_link, by_partner = nps_marts
    cells = with_truth(by_link, responses, ["chain_link_key", "quarter_start_on"])
    cells["is_trailing"] = cells["quarter_start_on"].isin(TRAILING)
    for _, siblings in cells.groupby(["chain_link_key", "is_trailing"]):
        assert siblings["is_suppressed"].any() == (siblings["true_responses"] < MIN_SHOWN).any()
    assert (by_partner["suppression_reason"].fillna("").str.startswith("complementary")).any()


def test_surveys_without_invitations(sandbox: Sandbox) -> None:
    """No invitations at all: both the number and the rate are null. None in one quarter only: 0, and no rate."""
    category = [0, 1, 2] * 10
    both = [(link, link * 100, quarter) for link in (1, 2) for quarter in QUARTERS[:2] for _ in category]
    responses = pd.DataFrame(both, columns=["chain_link_key", "partner_key", "quarter_start_on"])
    for number, column in enumerate(ANSWERS):
        responses[column] = [int(c == number) for c in category] * 4
    invitations = responses[["chain_link_key", "partner_key", "quarter_start_on"]].assign(is_delivered=1, is_answered=1)
    invitations = invitations[(invitations["chain_link_key"] == 2) & (invitations["quarter_start_on"] == QUARTERS[0])]
    by_link, _ = build_nps(sandbox, responses, invitations)
    got = by_link.sort_values(["chain_link_key", "quarter_start_on"])
    close(got["invitations"], [np.nan, np.nan, 30, 0])
    close(got["response_rate"], [np.nan, np.nan, 1, np.nan])
    close(got["responses"], [30] * 4)
