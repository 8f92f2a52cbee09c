"""Which rule of the journey tells best who comes back: AUC and DeLong against scipy, numpy and a published example."""

import itertools
import math
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from study.sql_harness import Sandbox, close

Z_95 = 1.959964
JOURNEY_DAYS = 365
MIN_CLASS = 30
RULES = ("mean", "minimum", "last", "peak_end")
WINDOWS = {1001: 100, 1002: 30, 1003: 100, 1004: 30}
AS_OF = date(2026, 6, 30)


# --------------------------------------------------------------------------------------------------------- DeLong


def delong(scores: np.ndarray, is_event: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Areas and covariance of the columns of `scores`, from all pairs of an event and a non-event."""
    by_event, by_non_event = [], []
    for column in scores.T:
        events, non_events = column[is_event][:, None], column[~is_event][None, :]
        wins = (events > non_events) + 0.5 * (events == non_events)
        by_event.append(wins.mean(axis=1))
        by_non_event.append(wins.mean(axis=0))
    covariance = np.cov(by_event) / is_event.sum() + np.cov(by_non_event) / (~is_event).sum()
    return np.array([placements.mean() for placements in by_event]), np.atleast_2d(covariance)


def probe_auc(sandbox: Sandbox, studies: dict[int, tuple[np.ndarray, np.ndarray]]) -> pd.DataFrame:
    """The macro on several studies; predictors are named by their column."""
    frames = []
    for study, (scores, is_event) in studies.items():
        for number, column in enumerate(scores.T):
            subjects = {"study": study, "predictor": f"p{number}", "subject": range(len(column))}
            frames.append(pd.DataFrame(subjects | {"score": column.astype(float), "is_event": is_event}))
    shuffled = pd.concat(frames, ignore_index=True).sample(frac=1, random_state=1)
    got = sandbox.probe("statistics_probe_auc", {"probe_scores": shuffled})
    return got.sort_values(["study", "predictor_a", "predictor_b"], ignore_index=True)


def test_auc_of_a_published_example(sandbox: Sandbox) -> None:
    """Hanley and McNeil (1982), 109 images rated 1 to 5: area 0.8932, DeLong error 0.0307 (0.83295 to 0.95339)."""
    normal, abnormal = (33, 6, 6, 11, 2), (3, 2, 2, 11, 33)
    ratings = np.concatenate([np.repeat(np.arange(1, 6), counts) for counts in (normal, abnormal)])
    is_event = np.arange(len(ratings)) >= sum(normal)
    (row,) = probe_auc(sandbox, {1: (ratings[:, None], is_event)}).to_dict("records")
    assert (row["events"], row["non_events"]) == (51, 58)
    error = math.sqrt(row["auc_covariance"])
    assert (round(row["auc_a"], 4), round(error, 4)) == (0.8932, 0.0307)
    assert (round(row["auc_a"] - Z_95 * error, 5), round(row["auc_a"] + Z_95 * error, 5)) == (0.83295, 0.95339)


def random_study(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Four correlated predictors with many ties or none, of 4 to 400 subjects of both kinds."""
    size = int(random.choice([4, 20, 100, 400]))
    is_event = random.random(size) < random.choice([0.2, 0.5, 0.9])
    is_event[:4] = [True, True, False, False]
    common = random.normal(0, 1, (size, 1)) + 0.7 * is_event[:, None]
    scores = common + random.normal(0, 0.7, (size, 4))
    return (np.round(scores * random.choice([1, 3])) if random.random() < 0.7 else scores), is_event


def test_auc_and_covariance_on_random_studies(sandbox: Sandbox) -> None:
    """Area against scipy's Mann-Whitney U; covariances against all pairs, in numpy."""
    random = np.random.default_rng(1988)
    studies = {study: random_study(random) for study in range(60)}
    got = probe_auc(sandbox, studies)
    assert len(got) == 60 * 16
    for study, rows in got.groupby("study"):
        scores, is_event = studies[study]
        area, covariance = delong(scores, is_event)
        u = [stats.mannwhitneyu(column[is_event], column[~is_event]).statistic for column in scores.T]
        pairs = is_event.sum() * (~is_event).sum()
        close(rows["auc_a"], np.repeat(np.array(u) / pairs, 4))
        close(rows["auc_b"], np.tile(area, 4))
        close(rows["auc_covariance"], covariance.ravel(), tolerance=1e-12)


def test_auc_at_the_ends(sandbox: Sandbox) -> None:
    """Perfect and blind predictors have no variance, exactly; a lone event has none to tell; no event, no row."""
    is_event = np.array([True] * 5 + [False] * 7)
    perfect, blind = is_event.astype(float), np.ones(12)
    lone = np.array([True, *[False] * 11])
    studies = {
        1: (np.column_stack([perfect, blind, -perfect]), is_event),
        2: (np.arange(12.0)[:, None], lone),
        3: (np.arange(12.0)[:, None], np.zeros(12, dtype=bool)),
    }
    got = probe_auc(sandbox, studies)
    assert set(got["study"]) == {1, 2}
    one = got[got["study"] == 1]
    assert one.loc[one["predictor_a"] == one["predictor_b"], "auc_a"].tolist() == [1.0, 0.5, 0.0]
    assert (one["auc_covariance"] == 0).all()
    assert got.loc[got["study"] == 2, "auc_covariance"].isna().all()


# ------------------------------------------------------------------------------------------------------- journeys


def random_world(random: np.random.Generator, chain: int, customers: int, rule: str) -> pd.DataFrame:
    """Responses of customers who come back sooner, the higher the rule's number is; some sell their last unit."""
    rows = []
    for customer in range(customers):
        taste = random.normal(7, 2)
        # often on the first and last days that count
        edges = [day for last in WINDOWS.values() for day in (last - 1, last, last + 364, last + 365, last + 366)]
        days = sorted(random.choice([*range(0, 900, 7), 200, 200, *edges * 3], int(random.integers(1, 7))))
        for day in days:
            link, score = int(random.integers(1, 5)), int(np.clip(round(random.normal(taste, 2.5)), 0, 10))
            rows.append((chain, customer, link, AS_OF - timedelta(days=int(day)), score))
    world = pd.DataFrame(rows, columns=["chain_key", "customer_key", "link_key", "response_on", "score"])
    world["response_key"] = random.permutation(len(world)) + chain * 100_000
    # the deliveries that would show some customers coming back ended before
    ended = AS_OF - timedelta(days=100)
    world["delivered_to"] = [ended if customer % 12 == 0 else AS_OF for customer in world["customer_key"]]
    followed = (world["delivered_to"] - world["response_on"]).map(lambda span: max(span.days, 0))
    eager = world.groupby("customer_key")["score"].transform("min" if rule == "minimum" else "mean")
    back = np.ceil(random.exponential(WINDOWS[chain] * 6 / (1 + eager)))
    sold = np.where(random.random(len(world)) < 0.08, random.integers(1, 120, len(world)), 10_000)
    world["duration_days"] = np.minimum(np.minimum(back, sold), followed).astype(int)
    world["is_event"] = back <= np.minimum(sold, followed)
    return world


def journeys_of(world: pd.DataFrame) -> pd.DataFrame:
    """The journeys, customer by customer, in plain Python."""
    found = []
    for (chain, customer), rows in world.groupby(["chain_key", "customer_key"]):
        rows = rows.sort_values(["response_on", "response_key"])
        window = WINDOWS[chain]
        # follow-up begins the day after the response
        is_over = rows["response_on"] + timedelta(days=window) <= rows["delivered_to"]
        over = rows[is_over & (rows["duration_days"] > 0)]
        if over.empty:
            continue
        anchor = over.iloc[-1]
        if not anchor["is_event"] and anchor["duration_days"] < window:
            continue
        since = anchor["response_on"] - timedelta(days=JOURNEY_DAYS)
        journey = rows[(rows["response_on"] > since) & (rows["response_on"] <= anchor["response_on"])]
        latest = journey.drop_duplicates("link_key", keep="last")["score"].tolist()
        if len(latest) < 2:
            continue
        peak = min(latest, key=lambda score: (-abs(score - 5), score))
        found.append(
            {
                "chain_key": chain,
                "customer_key": customer,
                "mean": sum(latest) / len(latest),
                "minimum": min(latest),
                "last": latest[-1],
                "peak_end": (peak + latest[-1]) / 2,
                "is_retained": bool(anchor["is_event"] and anchor["duration_days"] <= window),
            }
        )
    return pd.DataFrame(found)


def build(sandbox: Sandbox, world: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The journeys and the mart."""
    chains = pd.DataFrame({"chain_key": WINDOWS.keys(), "retention_window_days": WINDOWS.values()})
    sandbox.give("dim_chain", chains.assign(chain_code="chain_" + chains["chain_key"].astype(str)))
    sandbox.give("int_period", pd.DataFrame({"as_of_on": [AS_OF]}))
    sandbox.give("fct_nps_response", world, {"response_on": "date"})
    retention = world[world["duration_days"] > 0].assign(retention_measure="chain")
    partner = retention.assign(retention_measure="partner", is_event=False)
    days = {"response_on": "date", "delivered_to": "date"}
    sandbox.give("fct_retention", pd.concat([retention, partner]), days)
    return sandbox.build("int_customer_journey"), sandbox.build("mart_journey_rule")


@pytest.fixture
def worlds() -> pd.DataFrame:
    """Two large chains, one with too few journeys, and one with none."""
    random = np.random.default_rng(365)
    sizes = {1001: (600, "mean"), 1002: (400, "minimum"), 1003: (12, "mean")}
    return pd.concat([random_world(random, chain, *size) for chain, size in sizes.items()], ignore_index=True)


def test_journeys(sandbox: Sandbox, worlds: pd.DataFrame) -> None:
    """Anchor, links, the four numbers and the outcome, customer by customer."""
    got = build(sandbox, worlds)[0].sort_values(["chain_key", "customer_key"], ignore_index=True)
    expected = journeys_of(worlds)
    assert len(got) == len(expected) > 300
    assert got["customer_key"].tolist() == expected["customer_key"].tolist()
    assert got["is_retained"].tolist() == expected["is_retained"].tolist()
    for rule in RULES:
        close(got[f"{rule}_score"], expected[rule])


def adjusted(p_values: dict[frozenset[str], float]) -> dict[frozenset[str], float]:
    """Benjamini and Hochberg by scipy."""
    return dict(zip(p_values, stats.false_discovery_control(list(p_values.values())), strict=True))


def test_areas_differences_and_q(sandbox: Sandbox, worlds: pd.DataFrame) -> None:
    """Every figure of the mart against numpy's DeLong and scipy."""
    mart = build(sandbox, worlds)[1]
    journeys = journeys_of(worlds)
    assert len(mart) == len(WINDOWS) * 12
    for chain in (1001, 1002):
        rows = mart[mart["chain_key"] == chain].set_index(["journey_rule", "compared_rule"])
        own = journeys[journeys["chain_key"] == chain]
        area, covariance = delong(own[list(RULES)].to_numpy(), own["is_retained"].to_numpy())
        p_values = {}
        for a, b in itertools.permutations(range(4), 2):
            row = rows.loc[(RULES[a], RULES[b])]
            assert (row["journeys"], row["retained"]) == (len(own), own["is_retained"].sum())
            error = math.sqrt(covariance[a, a])
            figures = row[["auc", "auc_se", "auc_ci_low", "auc_ci_high"]]
            close(figures, [area[a], error, max(area[a] - Z_95 * error, 0), min(area[a] + Z_95 * error, 1)])
            difference = area[a] - area[b]
            error = math.sqrt(covariance[a, a] + covariance[b, b] - 2 * covariance[a, b])
            figures = row[["auc_difference", "auc_difference_ci_low", "auc_difference_ci_high"]]
            close(figures, [difference, difference - Z_95 * error, difference + Z_95 * error])
            p_values[frozenset((RULES[a], RULES[b]))] = 2 * stats.norm.sf(abs(difference) / error)
            close(row["p"], p_values[frozenset((RULES[a], RULES[b]))])
        for pair, q in adjusted(p_values).items():
            close(rows.loc[tuple(pair), "q"], q)
            close(rows.loc[tuple(reversed(tuple(pair))), "q"], q)


def test_too_few_journeys_have_a_reason(sandbox: Sandbox, worlds: pd.DataFrame) -> None:
    """No area without 30 of each outcome; a chain without journeys is there too."""
    mart = build(sandbox, worlds)[1]
    few = mart[mart["chain_key"].isin([1003, 1004])]
    assert len(few) == 24
    figures = ["auc", "auc_se", "auc_ci_low", "auc_ci_high", "auc_difference", "auc_difference_ci_low", "p", "q"]
    assert few[figures].isna().all(axis=None)
    assert set(few["verdict"]) == {"cannot_tell"} and not few["is_best_rule"].any()
    assert few["verdict_reason"].str.startswith(f"fewer than {MIN_CLASS} journeys").all()
    assert mart.loc[mart["chain_key"] == 1004, ["journeys", "retained"]].isna().all(axis=None)


def planted_journeys(random: np.random.Generator, signal: dict[str, float]) -> pd.DataFrame:
    """Journeys of one chain whose rules tell the outcome as well as `signal` says."""
    size = 800
    is_retained = random.random(size) < 0.5
    columns = {
        f"{rule}_score": np.round(random.normal(0, 1, size) + signal.get(rule, 0) * is_retained, 1) for rule in RULES
    }
    return pd.DataFrame({"chain_key": 1001, "customer_key": range(size), "is_retained": is_retained} | columns)


def build_mart(sandbox: Sandbox, journeys: pd.DataFrame) -> pd.DataFrame:
    """The mart, from journeys."""
    chain = {"chain_key": [1001], "chain_code": ["one"], "retention_window_days": [100]}
    sandbox.give("dim_chain", pd.DataFrame(chain))
    sandbox.give("int_customer_journey", journeys)
    return sandbox.build("mart_journey_rule")


def test_the_best_rule_beats_every_other(sandbox: Sandbox) -> None:
    """Named when it is better than all; with two as good, none is, even where both beat the rest."""
    random = np.random.default_rng(5)
    one = build_mart(sandbox, planted_journeys(random, {"minimum": 1.5}))
    assert set(one.loc[one["is_best_rule"], "journey_rule"]) == {"minimum"}
    assert set(one.loc[~one["is_best_rule"], "verdict"]) == {"not_best"}
    two = build_mart(sandbox, planted_journeys(random, {"minimum": 1.5, "last": 1.5}))
    assert not two["is_best_rule"].any() and set(two["verdict"]) == {"cannot_tell"}


def test_many_comparisons_count(sandbox: Sandbox) -> None:
    """Better than each of three with p below 0.05 is not best where six comparisons make q of it."""
    found = 0
    for seed in range(40):
        journeys = planted_journeys(np.random.default_rng(seed), {"minimum": 0.14})
        for rule in RULES:
            if rule != "minimum":
                journeys[f"{rule}_score"] = journeys["last_score"]
        own = build_mart(sandbox, journeys).query("journey_rule == 'minimum' and auc_difference > 0 and p < 0.05")
        close(own["q"], own["p"] * 2)
        found += int(len(own) == 3 and own["p"].iloc[0] > 0.025)
        assert set(own["is_best_rule"]) <= {bool((own["p"] < 0.025).all())}
    assert found > 0


def test_rules_that_agree_cannot_be_told_apart(sandbox: Sandbox) -> None:
    """Equal numbers: a difference of 0, p of 1, and no winner."""
    journeys = planted_journeys(np.random.default_rng(6), {"mean": 1.0})
    for rule in RULES:
        journeys[f"{rule}_score"] = journeys["mean_score"]
    mart = build_mart(sandbox, journeys)
    assert (mart["auc_difference"] == 0).all() and (mart["p"] == 1).all() and (mart["q"] == 1).all()
    assert set(mart["verdict"]) == {"cannot_tell"}


def test_the_same_mart_whatever_the_order(sandbox: Sandbox, worlds: pd.DataFrame) -> None:
    """Rows in another order and another number of threads: identical to the last digit."""
    order = ["chain_key", "journey_rule", "compared_rule"]
    marts = []
    for threads, given in ((4, worlds), (1, worlds.sample(frac=1, random_state=1)), (3, worlds[::-1])):
        sandbox.connection.execute(f"set threads = {threads}")
        marts.append(build(sandbox, given.reset_index(drop=True))[1].sort_values(order, ignore_index=True))
    for mart in marts[1:]:
        pd.testing.assert_frame_equal(marts[0], mart, check_exact=True)
