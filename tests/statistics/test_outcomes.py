"""What the bootstrap starts from: what became of a response, who met a link, what customers brought, who is drawn."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from landing_builder import PROJECT
from lifelines import KaplanMeierFitter
from scipy import stats

from study.sql_harness import Sandbox, close

CHAIN, WINDOW = 1001, 180
LINKS = {10011: "manufacturer", 10012: "importer", 10013: "dealer", 10015: "contact_centre"}
CATEGORIES = ["detractor", "passive", "promoter"]
AS_OF = date(2026, 5, 14)
TRAILING_FROM, TRAILING_TO = date(2025, 4, 1), date(2026, 3, 31)
REPLICATES, BUCKETS = 400, 1000


def day(number: int) -> date:
    """The day that many days before the as-of date."""
    return AS_OF - timedelta(days=number)


def lay_down_calendar(sandbox: Sandbox) -> None:
    """The chain, its links and the period."""
    sandbox.give("dim_chain", pd.DataFrame({"chain_key": [CHAIN], "retention_window_days": [WINDOW]}))
    links = pd.DataFrame({"chain_link_key": LINKS.keys(), "link_code": LINKS.values(), "chain_key": CHAIN})
    sandbox.give("dim_chain_link", links)
    period = pd.DataFrame({"as_of_on": [AS_OF], "trailing_from": [TRAILING_FROM], "trailing_to": [TRAILING_TO]})
    sandbox.give("int_period", period, dict.fromkeys(period, "date"))


# ---------------------------------------------------------------------------------------------------- responses


def followed(random: np.random.Generator, size: int) -> pd.DataFrame:
    """Responses with ties of events and censorings on the same days, some categories never censored, some always."""
    rows = pd.DataFrame(
        {
            "chain_link_key": random.choice(list(LINKS), size),
            "nps_category": random.choice(CATEGORIES, size),
            "duration_days": random.integers(1, random.choice([6, 60, 400]), size),
        }
    )
    share = rows.groupby(["chain_link_key", "nps_category"])["duration_days"].transform(
        lambda _: random.choice([0.0, 0.3, 0.7, 1.0])
    )
    rows["is_event"] = random.random(size) < share
    return rows.assign(
        response_key=np.arange(size),
        customer_key=np.arange(size),
        chain_key=CHAIN,
        retention_measure="chain",
        response_on=[day(int(days)) for days in random.integers(0, 800, size)],
    )


def outcomes(sandbox: Sandbox, rows: pd.DataFrame) -> pd.DataFrame:
    """What the model makes of them; customers have been there for 100 to 1,299 days when they answer."""
    lay_down_calendar(sandbox)
    sandbox.give("fct_retention", rows, {"response_on": "date"})
    tenure = [100 + key % 1200 for key in rows["customer_key"]]
    customers = rows[["customer_key", "chain_key"]].assign(
        first_on=[on - timedelta(days=days) for on, days in zip(rows["response_on"], tenure, strict=True)],
        segment=np.where(rows["customer_key"] % 2 == 0, "private", "business"),
    )
    sandbox.give("int_customer_chain", customers.drop_duplicates(), {"first_on": "date"})
    bands = pd.DataFrame({"tenure_band_key": [1, 2, 3], "from_days": [0, 365, 1095], "to_days": [364, 1094, 999999]})
    sandbox.give("tenure_bands", bands)
    return sandbox.build("int_response_outcome").sort_values("response_key", ignore_index=True)


@pytest.mark.parametrize("seed", range(8))
def test_the_mean_outcome_is_kaplan_meiers_retention(sandbox: Sandbox, seed: int) -> None:
    """Satten and Datta (2001): weighted by the inverse of being still in sight, the mean is 1 - S at the window."""
    random = np.random.default_rng(seed)
    rows = followed(random, int(random.choice([40, 400, 4000])))
    got = outcomes(sandbox, rows)
    assert got["response_key"].tolist() == rows["response_key"].tolist()
    for _, there in got.groupby(["chain_link_key", "nps_category"]):
        given = rows[rows["response_key"].isin(there["response_key"])]
        curve = KaplanMeierFitter().fit(given["duration_days"], given["is_event"])
        close(there["retained"].mean(), 1 - curve.predict(WINDOW))


def test_what_is_said_of_a_response(sandbox: Sandbox) -> None:
    """Bands, segments, the trailing quarters and what is settled, to the day."""
    rows = pd.DataFrame(
        [
            # response, days followed, came back
            (0, TRAILING_FROM - timedelta(days=1), WINDOW, False),
            (264, TRAILING_FROM, WINDOW - 1, False),
            (265, TRAILING_TO, WINDOW - 1, True),
            (995, TRAILING_TO + timedelta(days=1), WINDOW, True),
            (994, TRAILING_TO, WINDOW + 1, True),
        ],
        columns=["customer_key", "response_on", "duration_days", "is_event"],
    ).assign(chain_key=CHAIN, chain_link_key=10013, nps_category="passive", retention_measure="chain")
    rows["response_key"] = rows.index
    got = outcomes(sandbox, rows)
    assert got["tenure_band_key"].tolist() == [1, 1, 2, 3, 2]
    assert got["segment"].tolist() == ["private", "private", "business", "business", "private"]
    assert got["is_trailing"].tolist() == [False, True, True, False, True]
    assert got["is_settled"].tolist() == [True, False, True, True, True]
    # Lost from sight: 1 of 4 after day 179, 1 of 2 after day 180. What happens after the window is no retention.
    close(got["retained"], [0, 0, 1, 4 / 3, 0])


def test_only_the_chains_retention_counts(sandbox: Sandbox) -> None:
    rows = followed(np.random.default_rng(3), 50)
    alone = outcomes(sandbox, rows)
    partner = rows.assign(retention_measure="partner", is_event=False)
    both = pd.concat([partner, rows]).sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(outcomes(sandbox, both), alone)


# ------------------------------------------------------------------------------------------------------ meetings


def lay_down_touchpoints(sandbox: Sandbox) -> None:
    """One of everything that may be a meeting, and of what is none."""
    lay_down_calendar(sandbox)
    sandbox.give("dim_touchpoint", pd.DataFrame({"touchpoint_key": [1, 2], "link_code": ["dealer", "shop"]}))
    transactions = [
        # customer, touchpoint, kind, product, day
        (1, 1, "new_unit", 7, day(10)),
        (2, 1, "service", None, day(20)),
        (3, 1, "receipt", None, day(30)),
        (4, 1, "receipt", 7, day(40)),
        (None, 1, "service", None, day(50)),
        (5, 1, "service", None, day(-1)),
        # the chain has no shop
        (6, 2, "service", None, day(60)),
    ]
    columns = ["customer_key", "touchpoint_key", "transaction_kind", "product_key", "transaction_on"]
    kinds = {"customer_key": "bigint", "product_key": "integer", "transaction_on": "date"}
    sandbox.give("fct_transaction", pd.DataFrame(transactions, columns=columns).assign(chain_key=CHAIN), kinds)
    for seed in ("links", "purchase_meetings"):
        sandbox.give(seed, pd.read_csv(PROJECT / "seeds" / f"{seed}.csv"))
    contacts = pd.DataFrame({"customer_key": [1, None], "chain_key": CHAIN, "link_key": 5, "opened_on": [AS_OF, AS_OF]})
    sandbox.give("fct_contact", contacts, {"customer_key": "bigint", "opened_on": "date"})
    invitations = pd.DataFrame({"customer_key": [7, None], "chain_key": CHAIN, "chain_link_key": 10012})
    sent = invitations.assign(sent_on=[day(70), day(70)])
    sandbox.give("fct_survey_invitation", sent, {"customer_key": "bigint", "sent_on": "date"})
    claims = pd.DataFrame({"serial_hash": [91, 91, 91, 92], "chain_key": CHAIN, "link_key": 1})
    claims["claimed_on"] = [day(99), day(100), day(300), day(100)]
    sandbox.give("stg_manufacturer__warranty_claims", claims, {"claimed_on": "date"})
    owners = pd.DataFrame({"customer_key": [8, 9, 10], "serial_hash": [91, 91, 92], "chain_key": CHAIN})
    owners = owners.assign(owned_from=[day(200), day(99), day(200)], owned_to=[day(100), None, None])
    sandbox.give("int_customer_ownership", owners, {"owned_from": "date", "owned_to": "date"})
    sandbox.give("int_erased_customer", pd.DataFrame({"customer_key": [10]}))


def test_what_is_a_meeting(sandbox: Sandbox) -> None:
    """A purchase meets who sold it, and the makers of what is new; who claims, calls or is asked meets somebody too."""
    lay_down_touchpoints(sandbox)
    got = sandbox.build("int_link_meeting")
    met = sorted((int(row.customer_key), row.link_code, row.met_on.date()) for row in got.itertuples())
    assert met == [
        (1, "contact_centre", AS_OF),
        (1, "dealer", day(10)),
        (1, "importer", day(10)),
        (1, "manufacturer", day(10)),
        (2, "dealer", day(20)),
        (3, "dealer", day(30)),
        (4, "dealer", day(40)),
        (4, "manufacturer", day(40)),
        (7, "importer", day(70)),
        (8, "manufacturer", day(100)),
        (9, "manufacturer", day(99)),
    ]
    assert got["chain_link_key"].map(LINKS).tolist() == got["link_code"].tolist()


def test_who_was_exposed_and_when_last(sandbox: Sandbox) -> None:
    """Against pandas, with meetings on the first and last days of the trailing quarters and beside them."""
    random = np.random.default_rng(11)
    lay_down_calendar(sandbox)
    edges = [bound + timedelta(days=beside) for bound in (TRAILING_FROM, TRAILING_TO) for beside in (-1, 0, 1)]
    days = [*edges * 20, *(day(int(number)) for number in random.integers(0, 900, 1500))]
    meetings = pd.DataFrame({"met_on": days, "chain_key": CHAIN})
    meetings["chain_link_key"] = random.choice(list(LINKS), len(meetings))
    meetings["customer_key"] = random.integers(0, 400, len(meetings))
    sandbox.give("int_link_meeting", meetings, {"met_on": "date"})
    keys = ["chain_link_key", "customer_key"]
    got = sandbox.build("int_link_exposure").sort_values(keys, ignore_index=True)
    counted = meetings[meetings["met_on"].between(TRAILING_FROM, TRAILING_TO)]
    expected = counted.groupby(keys)["met_on"].max()
    assert got[keys].to_records(index=False).tolist() == expected.index.tolist()
    assert pd.to_datetime(got["last_met_on"]).tolist() == pd.to_datetime(expected).tolist()


# ------------------------------------------------------------------------------------------------------- margins


def test_margin_over_the_window(sandbox: Sandbox) -> None:
    """What customers paid in the window up to the end of the trailing quarters, less what they brought back."""
    lay_down_calendar(sandbox)
    last, first = TRAILING_TO, TRAILING_TO - timedelta(days=WINDOW - 1)
    paid, warranty, back = (True, "service"), (False, "warranty"), (False, "return")
    rows = [
        (1, first, *paid, 10.25),
        (1, last, *paid, 20),
        (1, first - timedelta(days=1), *paid, 400),
        (1, last + timedelta(days=1), *paid, 800),
        (1, last, *warranty, 1600),
        (1, last, *back, -5),
        # an unknown cost: what is known counts
        (2, last, *paid, None),
        (2, last, *paid, 7),
        # nothing known
        (3, last, *paid, None),
        # a return alone, or a warranty claim alone, is no purchase
        (4, last, *back, -5),
        (5, last, *warranty, 50),
        (None, last, *paid, 9),
        # nothing that was paid stayed bought
        (6, last, *paid, 70),
        (6, last, *back, -70),
    ]
    columns = ["customer_key", "transaction_on", "is_customer_paid", "transaction_kind", "margin_eur"]
    kinds = {"customer_key": "bigint", "transaction_on": "date", "margin_eur": "decimal(18, 2)"}
    given = pd.DataFrame(rows, columns=columns).assign(chain_key=CHAIN)
    given["is_retention_event"] = given["is_customer_paid"] & (given["customer_key"] != 6)
    sandbox.give("fct_transaction", given, kinds)
    got = sandbox.build("int_customer_window_margin").sort_values("customer_key")
    assert got["customer_key"].tolist() == [1, 2, 3]
    close(got["margin_eur"].astype(float), [25.25, 7, np.nan])


SALES = ["transaction_key", "customer_key", "transaction_on", "ordered_on", "transaction_kind", "margin_eur"]
MOVES = [*SALES, "is_retention_event", "reverses_transaction_key", "is_reversed"]
KINDS = {
    **dict.fromkeys(("customer_key", "reverses_transaction_key", "transaction_key"), "bigint"),
    **dict.fromkeys(("transaction_on", "ordered_on", "response_on", "delivered_to"), "date"),
    "margin_eur": "decimal(18, 2)",
}


def retained_margins(sandbox: Sandbox, answers: pd.DataFrame, moves: pd.DataFrame) -> dict[int, float]:
    """What the model makes of answers and transactions of one chain."""
    lay_down_calendar(sandbox)
    answers, moves = answers.assign(chain_key=CHAIN), moves.assign(chain_key=CHAIN)
    for node, rows in (("fct_retention", answers), ("fct_nps_response", answers), ("fct_transaction", moves)):
        sandbox.give(node, rows, {column: kind for column, kind in KINDS.items() if column in rows})
    got = sandbox.build("int_retained_margin")
    return dict(zip(got["response_key"], got["margin_eur"].astype(float), strict=True))


def test_margin_after_the_answer_by_hand(sandbox: Sandbox) -> None:
    """To the day: what lies in the window, what the answer is about, what was agreed before it, what was taken back."""
    at, end = day(WINDOW), day(0)
    rows: list[tuple[object, ...]] = [
        # key, customer, day, ordered, kind, margin, event, takes back, taken back
        (1, 1, at, None, "service", 400, True, None, False),
        (2, 1, at + timedelta(days=1), None, "service", 10.25, True, None, False),
        (3, 1, end, None, "service", 20, True, None, False),
        (4, 1, day(-1), None, "service", 800, True, None, False),
        (5, 1, day(9), at, "new_unit", 1600, True, None, False),
        (6, 1, day(8), day(9), "new_unit", 100, True, None, False),
        (7, 1, day(7), None, "service", 3200, True, None, False),
        (8, 1, day(7), None, "warranty", 6400, False, None, False),
        # part of 6 came back, of 1 and of 7 too; 9 was taken back in full; of 14 nobody knows what it takes back
        (9, 1, day(6), None, "receipt", 50, False, None, True),
        (10, 1, day(5), None, "return", -50, False, 9, False),
        (11, 1, day(5), None, "return", -30, False, 6, False),
        (12, 1, day(5), None, "return", -3, False, 1, False),
        (13, 1, day(5), None, "return", -4, False, 7, False),
        (14, 1, day(5), None, "return", -5, False, None, False),
        # no cost known; another customer
        (15, 2, day(6), None, "receipt", None, True, None, False),
        (16, 3, day(6), None, "receipt", 77, True, None, False),
        (17, None, day(6), None, "receipt", 99, True, None, False),
    ]
    answers = pd.DataFrame(
        [
            # response, customer, about, day, followed, came back, delivered to, measure
            (1, 1, 7, at, 1, True, end, "chain"),
            (2, 1, 7, at, 1, True, end, "partner"),
            (3, 2, None, at, WINDOW, True, end, "chain"),
            # not retained; too late for the window; the window is open by a day
            (4, 3, None, at, WINDOW, False, end, "chain"),
            (5, 3, None, day(WINDOW + 1), WINDOW + 1, True, end, "chain"),
            (6, 3, None, at + timedelta(days=1), 100, True, end, "chain"),
            (7, 3, None, at, 100, True, day(1), "chain"),
        ],
        columns=[
            *("response_key", "customer_key", "transaction_key", "response_on", "duration_days", "is_event"),
            *("delivered_to", "retention_measure"),
        ],
    )
    got = retained_margins(sandbox, answers, pd.DataFrame(rows, columns=MOVES))
    assert got.keys() == {1, 3}
    close(got[1], 10.25 + 20 + 100 - 30 - 5)
    assert np.isnan(got[3])


def test_margin_after_the_answer_against_pandas(sandbox: Sandbox) -> None:
    """Every answer's window looked through row by row."""
    random = np.random.default_rng(17)
    size = 1500
    moves = pd.DataFrame({"transaction_key": np.arange(size), "customer_key": random.integers(0, 60, size)})
    moves["transaction_on"] = [day(int(days)) for days in random.integers(0, 900, size)]
    earlier = random.integers(-5, 60, size)
    moves["ordered_on"] = [
        on - timedelta(days=int(days)) for on, days in zip(moves["transaction_on"], earlier, strict=True)
    ]
    moves["transaction_kind"] = np.where(random.random(size) < 0.1, "return", "service")
    moves["is_retention_event"] = moves["transaction_kind"] == "service"
    moves["margin_eur"] = random.integers(1, 9_999, size) / 100 * np.where(moves["is_retention_event"], 1, -1)
    moves["reverses_transaction_key"], moves["is_reversed"] = None, False
    answers = pd.DataFrame({"response_key": np.arange(400), "customer_key": random.integers(0, 60, 400)})
    answers["response_on"] = [day(int(days)) for days in random.integers(0, 900, 400)]
    answers["transaction_key"] = random.integers(0, size, 400)
    answers["delivered_to"], answers["retention_measure"] = day(100), "chain"
    expected = {}
    for place, answer in answers.iterrows():
        theirs = moves[(moves["customer_key"] == answer["customer_key"])]
        after = theirs[theirs[["transaction_on", "ordered_on"]].min(axis=1) > answer["response_on"]]
        after = after[after["transaction_key"] != answer["transaction_key"]]
        events = after.loc[after["is_retention_event"], "transaction_on"]
        answers.loc[place, "is_event"] = len(events) > 0
        days = (min(events) - answer["response_on"]).days if len(events) else 1
        answers.loc[place, "duration_days"] = days
        last = answer["response_on"] + timedelta(days=WINDOW)
        if len(events) and days <= WINDOW and last <= answer["delivered_to"]:
            expected[answer["response_key"]] = after.loc[after["transaction_on"] <= last, "margin_eur"].sum()
    got = retained_margins(sandbox, answers.astype({"is_event": bool}), moves)
    assert len(expected) > 100 and got.keys() == expected.keys()
    close([got[key] for key in expected], list(expected.values()))


# ----------------------------------------------------------------------------------------------------- bootstrap


@pytest.fixture
def weights(sandbox: Sandbox) -> np.ndarray:
    """How often each replicate (rows) draws each bucket."""
    rows = sandbox.build("int_bootstrap_weight")
    assert not rows.duplicated(["replicate", "bucket"]).any()
    # stricter linkings draw buckets of their own, once
    stricter = rows[rows["replicate"] < 0].sort_values(["replicate", "bucket"])
    assert stricter.to_numpy().tolist() == [[-2, BUCKETS, 1], [-2, BUCKETS + 1, 1], [-1, BUCKETS, 1]]
    table = rows[rows["replicate"] >= 0].pivot(index="replicate", columns="bucket", values="weight")
    assert table.index.tolist() == list(range(REPLICATES + 1))
    assert table.columns.tolist() == list(range(BUCKETS))
    return table.fillna(0).to_numpy(dtype=int)


def test_replicate_0_draws_everybody_once(weights: np.ndarray) -> None:
    assert (weights[0] == 1).all()


def test_buckets_are_drawn_as_poisson_says(weights: np.ndarray) -> None:
    """400,000 draws against scipy's Poisson(1), by chi-square and in mean and variance; the draws never change."""
    drawn = weights[1:].ravel()
    counts = np.bincount(np.minimum(drawn, 6), minlength=7)
    expected = np.r_[stats.poisson.pmf(range(6), 1), stats.poisson.sf(5, 1)] * len(drawn)
    assert stats.chisquare(counts, expected).pvalue > 0.001
    error = np.sqrt(1 / len(drawn))
    assert abs(drawn.mean() - 1) < 4 * error
    # the variance of a Poisson(1)'s sample variance: fourth central moment 4, less 1
    assert abs(drawn.var() - 1) < 4 * np.sqrt(3) * error


@pytest.mark.parametrize("axis", [0, 1])
def test_draws_do_not_hang_together(weights: np.ndarray, axis: int) -> None:
    """Neither neighbours, nor all pairs of replicates or of buckets, correlate more than independent draws would."""
    drawn = weights[1:] if axis == 0 else weights[1:].T
    correlations = np.corrcoef(drawn)[np.triu_indices(len(drawn), 1)]
    expected = 1 / np.sqrt(drawn.shape[1])
    assert correlations.std() == pytest.approx(expected, rel=0.02)
    assert np.abs(correlations).max() < 5.5 * expected
    beside = np.diagonal(np.corrcoef(drawn), offset=1)
    assert abs(beside.mean()) < 4 * expected / np.sqrt(len(beside))


def test_totals_of_replicates_vary_as_they_should(weights: np.ndarray) -> None:
    """The sums over the buckets are Poisson(1000), and those over the replicates Poisson(400)."""
    for axis, mean in ((1, BUCKETS), (0, REPLICATES)):
        totals = weights[1:].sum(axis=axis)
        assert stats.kstest((totals - mean) / np.sqrt(mean), "norm").pvalue > 0.001
