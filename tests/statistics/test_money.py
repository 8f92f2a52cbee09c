"""Earned growth, revenue at risk and the business case against plain loops over the same rows."""

import itertools

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from study.sql_harness import PROJECT, CompiledProject, Sandbox, close

MIN_SHOWN = 10
MIN_STRATUM = 5
CATEGORIES = ("promoter", "passive", "detractor")
KINDS = ("earned", "bought", "unknown")
REASONS = ("recommendation", "reputation", "advertising", "location", "price", "sales_effort", "unknown")
EARNED = ("recommendation", "reputation")
REPLICATES, BUCKETS = 40, 30
TRAILING_TO = pd.Timestamp("2025-12-31")


@pytest.fixture
def sandbox(project: CompiledProject) -> Sandbox:
    """A database for one test, with one chain of two links and a known last day."""
    made = Sandbox(project)
    days = ["trailing_from", "trailing_to", "as_of_on"]
    period = pd.DataFrame([["2025-01-01", "2025-12-31", "2025-12-31"]], columns=days)
    made.give("int_period", period, dict.fromkeys(days, "date"))
    made.give("dim_chain", pd.DataFrame([chain(key) for key in (1001, 1002)]))
    names = {"chain_code": "c", "chain_name": "C", "link_name": "L", "chain_key": 1001}
    chain_links = [
        {"chain_link_key": 10013, "link_key": 3, "link_code": "dealer"},
        {"chain_link_key": 10015, "link_key": 5, "link_code": "contact_centre"},
    ]
    made.give("dim_chain_link", pd.DataFrame(chain_links).assign(**names))
    made.give("links", pd.DataFrame({"link_key": [3, 5], "is_point_of_sale": [True, False]}))
    return made


def chain(key: int) -> dict:
    """A row of dim_chain."""
    return {"chain_key": key, "chain_code": f"c{key}", "chain_name": f"C {key}", "retention_window_days": 395}


# -------------------------------------------------------------------------------------------------- earned growth


def random_purchases(random: np.random.Generator, size: int, chain_key: int) -> pd.DataFrame:
    """Purchases of three years and a half; some are returned, some were paid by the manufacturer."""
    day = pd.Timestamp("2022-07-01") + pd.to_timedelta(random.integers(0, 1370, size), unit="D")
    kind = random.choice(["receipt", "return", "service"], size, p=[0.7, 0.1, 0.2])
    euros = np.round(random.gamma(1, 200, size), 2)
    customer = random.integers(1, size // 4, size).astype(float)
    customer[random.random(size) < 0.05] = np.nan
    is_paid = (kind == "receipt") | ((kind == "service") & (random.random(size) < 0.5))
    return pd.DataFrame(
        {
            "transaction_key": np.arange(size),
            "chain_key": chain_key,
            "chain_link_key": chain_key * 10 + 3,
            "customer_key": customer,
            "transaction_on": day,
            "transaction_kind": kind,
            "is_customer_paid": is_paid,
            "is_retention_event": is_paid,
            "revenue_eur": np.where(kind == "return", -euros, euros),
            "margin_eur": np.where(random.random(size) < 0.1, np.nan, np.round(euros / 3, 2)),
        }
    )


TRANSACTION_TYPES = {
    "transaction_on": "date",
    "customer_key": "bigint",
    "revenue_eur": "decimal(18, 2)",
    "margin_eur": "decimal(18, 2)",
}


def give_won(sandbox: Sandbox, won: pd.DataFrame) -> None:
    """The customers won."""
    sandbox.give("int_customer_won", won, {"won_on": "date"})


def random_won(random: np.random.Generator, customers: int, chain_key: int, start: str = "2021-01-01") -> pd.DataFrame:
    """When and why each customer was won."""
    reason = random.choice(REASONS, customers)
    return pd.DataFrame(
        {
            "customer_key": np.arange(1, customers + 1),
            "chain_key": chain_key,
            "chain_link_key": chain_key * 10 + 3,
            "won_on": pd.Timestamp(start) + pd.to_timedelta(random.integers(0, 1700, customers), unit="D"),
            "reason_code": reason,
            "acquisition_kind": np.where(
                np.isin(reason, EARNED), "earned", np.where(reason == "unknown", "unknown", "bought")
            ),
        }
    )


def expected_growth(purchases: pd.DataFrame, won: pd.DataFrame, quarter: pd.Timestamp) -> dict:
    """Customer by customer, in plain Python."""
    counted = purchases[purchases["is_customer_paid"] | (purchases["transaction_kind"] == "return")]
    year_from = quarter - pd.DateOffset(months=9)
    before_from = year_from - pd.DateOffset(years=1)
    spans = {
        "now": counted["transaction_on"].between(year_from, quarter + pd.DateOffset(months=3) - pd.Timedelta(days=1)),
        "before": counted["transaction_on"].between(before_from, year_from - pd.Timedelta(days=1)),
    }
    now, before = (counted[span].groupby("customer_key")["revenue_eur"].sum() for span in spans.values())
    facts = won.set_index("customer_key")
    sums = dict.fromkeys(["customers", "before", "kept", "capped", "won_back"], 0.0)
    sums |= {f"{kind}_{what}": 0.0 for kind in KINDS for what in ("n", "eur")}
    for customer in set(now.index) | set(before.index):
        current, previous = now.get(customer, 0.0), before.get(customer, 0.0)
        if previous > 0.001:
            sums["customers"] += 1
            sums["before"] += previous
            sums["kept"] += current
            sums["capped"] += max(0.0, min(current, previous))
        elif customer in facts.index and facts.loc[customer, "won_on"] >= year_from:
            kind = facts.loc[customer, "acquisition_kind"]
            sums[f"{kind}_n"] += 1
            sums[f"{kind}_eur"] += current
        else:
            sums["won_back"] += current
    return sums


def test_earned_growth_on_random_purchases(sandbox: Sandbox) -> None:
    """Every figure of every year that can be compared."""
    random = np.random.default_rng(2021)
    purchases = random_purchases(random, 6000, 1001)
    won = random_won(random, 1500, 1001)
    sandbox.give("fct_transaction", purchases, TRANSACTION_TYPES)
    give_won(sandbox, won)
    sandbox.build("int_revenue_growth")
    mart = sandbox.build("mart_earned_growth").sort_values("quarter_start_on")
    assert mart["quarter_start_on"].tolist() == list(pd.date_range("2022-07-01", "2025-10-01", freq="QS"))
    known = mart["missing_evidence"].isna()
    assert (mart[~known]["missing_evidence"] == "no purchases on file for the whole of the year before").all()
    assert known.tolist() == [False] * 7 + [True] * 7
    for _, row in mart[known].iterrows():
        expected = expected_growth(purchases, won, row["quarter_start_on"])
        base = expected["before"]
        assert row["customers_before"] == expected["customers"]
        close(row["net_revenue_retention"], expected["kept"] / base)
        close(row["gross_revenue_retention"], expected["capped"] / base)
        close(row["won_back_rate"], expected["won_back"] / base)
        for kind in KINDS:
            assert row[f"{kind}_new_customers"] == expected[f"{kind}_n"]
            close(row[f"{kind}_new_rate"], expected[f"{kind}_eur"] / base)
        low = (expected["kept"] + expected["earned_eur"]) / base - 1
        share = expected["earned_eur"] / (expected["earned_eur"] + expected["bought_eur"])
        unknown = expected["unknown_eur"] / base
        close(row[["earned_growth_low", "earned_growth_high"]], [low, low + unknown])
        close(row["earned_growth"], low + share * unknown)
    assert mart[~known].filter(like="rate").isna().all(axis=None)


@pytest.mark.parametrize(("now", "kept"), [(-80.0, 0.0), (40.0, 0.4), (150.0, 1.0)])
def test_a_return_takes_gross_retention_to_nothing_and_not_below(sandbox: Sandbox, now: float, kept: float) -> None:
    """Twelve customers spent 100 euros each in the year before; what is left of each lies between 0 and 100."""
    before, won = one_purchase_each([("2023-12-15", 12, 100.0, "unknown"), ("2024-02-01", 12, 100.0, "unknown")])
    after = before[before["transaction_on"] > pd.Timestamp("2024-01-01")].assign(
        transaction_on=pd.Timestamp("2025-11-01"), revenue_eur=now, transaction_kind="return", is_customer_paid=False
    )
    sandbox.give("fct_transaction", pd.concat([before, after]), TRANSACTION_TYPES)
    give_won(sandbox, won)
    sandbox.build("int_revenue_growth")
    mart = sandbox.build("mart_earned_growth")
    row = mart[mart["quarter_start_on"] == pd.Timestamp("2025-10-01")].iloc[0]
    close(row["gross_revenue_retention"], kept)
    close(row["net_revenue_retention"], now / 100)


def one_purchase_each(groups: list[tuple[str, int, float, str]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Purchases and customers from (first day, customers, euros, reason kind); the year is 2025."""
    rows, won = [], []
    for group, (day, customers, euros, kind) in enumerate(groups):
        for number in range(customers):
            key = group * 1000 + number
            rows.append((key, key, pd.Timestamp(day), euros))
            won.append((key, pd.Timestamp(day), kind))
    purchases = pd.DataFrame(rows, columns=["transaction_key", "customer_key", "transaction_on", "revenue_eur"])
    purchases = purchases.assign(chain_key=1001, transaction_kind="receipt", is_customer_paid=True)
    purchases["is_retention_event"] = True
    purchases["margin_eur"] = purchases["revenue_eur"]
    return purchases, pd.DataFrame(won, columns=["customer_key", "won_on", "acquisition_kind"]).assign(chain_key=1001)


def earned_growth_of(sandbox: Sandbox, groups: list[tuple[str, int, float, str]]) -> pd.Series:
    """The row of the year 2025."""
    purchases, won = one_purchase_each(groups)
    sandbox.give("fct_transaction", purchases, TRANSACTION_TYPES)
    give_won(sandbox, won)
    sandbox.build("int_revenue_growth")
    mart = sandbox.build("mart_earned_growth")
    return mart[mart["quarter_start_on"] == pd.Timestamp("2025-10-01")].iloc[0]


def test_earned_growth_by_hand(sandbox: Sandbox) -> None:
    """20 x 100 before, nobody came back; new: 10 x 60 earned, 10 x 20 bought, 10 x 40 unknown."""
    row = earned_growth_of(
        sandbox,
        [
            ("2024-01-20", 20, 100.0, "earned"),
            ("2025-11-01", 10, 60.0, "earned"),
            ("2025-12-01", 10, 20.0, "bought"),
            ("2025-12-31", 10, 40.0, "unknown"),
        ],
    )
    close(row[["net_revenue_retention", "gross_revenue_retention"]], [0, 0])
    close(row[["earned_growth_low", "earned_growth", "earned_growth_high"]], [-0.7, -0.55, -0.5])


def test_earned_growth_without_a_known_reason(sandbox: Sandbox) -> None:
    """Bounds, and nothing between them."""
    row = earned_growth_of(sandbox, [("2024-01-20", 20, 100.0, "earned"), ("2025-12-31", 10, 40.0, "unknown")])
    close(row[["earned_growth_low", "earned_growth", "earned_growth_high"]], [-1, np.nan, -0.8])
    assert row["missing_evidence"] == "no new customer gave a reason: bounds only"


def test_earned_growth_of_a_handful_is_hidden(sandbox: Sandbox) -> None:
    """Nine new customers of a kind hide what new customers spent; nine old ones hide everything."""
    old, new = ("2024-01-20", 20, 100.0, "earned"), ("2025-11-01", 9, 60.0, "bought")
    row = earned_growth_of(sandbox, [old, new])
    close(row["net_revenue_retention"], 0)
    figures = row.index.str.contains("new_|earned_growth")
    assert row[figures].isna().all()
    assert row["missing_evidence"] == "fewer than 10 new customers of a kind"
    row = earned_growth_of(sandbox, [(old[0], 9, 100.0, "earned"), new])
    assert row[figures].isna().all()
    assert pd.isna(row["net_revenue_retention"]) and pd.isna(row["revenue_before_eur"])


def with_returns(groups: list[tuple[str, int, float, str]]) -> pd.DataFrame:
    """Purchases as told; those below 0 are returns."""
    purchases, _ = one_purchase_each(groups)
    kind = np.where(purchases["revenue_eur"] < 0, "return", "receipt")
    return purchases.assign(transaction_kind=kind, is_customer_paid=purchases["revenue_eur"] >= 0)


OLD = ("2024-01-20", 20, 100.0, "earned")


@pytest.mark.parametrize(
    ("groups", "growth", "reason"),
    [
        # what the twelve earned ones brought back outweighs what they bought
        (
            [
                ("2025-11-01", 12, -5.0, "earned"),
                ("2025-11-01", 10, 50.0, "bought"),
                ("2025-12-01", 10, 9.0, "unknown"),
            ],
            None,
            "new customers of a kind brought back more than they bought: bounds only",
        ),
        (
            [("2025-11-01", 12, 5.0, "earned"), ("2025-11-01", 10, -1.0, "bought"), ("2025-12-01", 10, 9.0, "unknown")],
            None,
            "new customers of a kind brought back more than they bought: bounds only",
        ),
        # free samples only
        (
            [("2025-11-01", 12, 0.0, "earned"), ("2025-12-01", 10, 9.0, "unknown")],
            None,
            "the new customers who gave a reason brought no revenue: bounds only",
        ),
        # nothing unknown is left to divide
        ([("2025-11-01", 12, -5.0, "earned"), ("2025-11-01", 10, 50.0, "bought")], -1 - 60 / 2000, None),
        ([("2025-12-01", 10, 0.0, "unknown")], -1, None),
        ([], -1, None),
    ],
)
def test_earned_growth_is_never_null_without_a_reason(
    sandbox: Sandbox, groups: list[tuple[str, int, float, str]], growth: float | None, reason: str | None
) -> None:
    groups = [OLD, ("2025-11-05", 1, 1.0, "none"), *groups]
    purchases, (_, won) = with_returns(groups), one_purchase_each(groups)
    # keeps the quarter on file where no new customer does: an old customer comes back
    purchases.loc[purchases["customer_key"] == 1000, ["customer_key", "revenue_eur"]] = [0, 0.0]
    sandbox.give("fct_transaction", purchases, TRANSACTION_TYPES)
    give_won(sandbox, won[won["customer_key"] != 1000])
    sandbox.build("int_revenue_growth")
    mart = sandbox.build("mart_earned_growth").set_index("quarter_start_on")
    row = mart.loc[pd.Timestamp("2025-10-01")]
    assert (None if pd.isna(row["missing_evidence"]) else row["missing_evidence"]) == reason
    assert pd.isna(row["earned_growth"]) if growth is None else row["earned_growth"] == pytest.approx(growth)
    assert row.drop(["earned_growth", "missing_evidence"]).notna().all()


def test_every_reason_of_the_contract_has_a_kind_and_a_column() -> None:
    """The landing contract, the seed and the columns of the business case name the same reasons."""
    seed = pd.read_csv(PROJECT / "seeds" / "acquisition_reasons.csv")
    contract = yaml.safe_load((PROJECT / "contract" / "landing.yml").read_text())
    datasets = {dataset["name"]: dataset["columns"] for dataset in contract["datasets"]}
    allowed = {column["name"]: column.get("values") for column in datasets["chain__acquisition_reasons"]}["reason"]
    assert seed["reason_code"].tolist() == allowed == list(REASONS)
    assert seed.loc[seed["acquisition_kind"] == "earned", "reason_code"].tolist() == list(EARNED)
    assert set(seed["acquisition_kind"]) == set(KINDS)


def test_when_and_why_a_customer_was_won(sandbox: Sandbox) -> None:
    """The first sign of life, the first partner's reason; a hub's reason is nobody's."""
    day = pd.Timestamp("2024-05-01")
    purchases, _ = one_purchase_each([("2024-05-01", 4, 10.0, "unknown")])
    # what was taken back, or cost nothing, won nobody
    taken_back = purchases.assign(transaction_on=pd.Timestamp("2020-01-01"), is_retention_event=False)
    purchases = pd.concat([purchases, taken_back])
    sandbox.give("fct_transaction", purchases.assign(chain_link_key=10013), TRANSACTION_TYPES)
    first_on = {"customer_key": [0, 1], "chain_key": 1001, "first_on": [pd.Timestamp("2019-01-01"), day]}
    sandbox.give("int_customer_chain", pd.DataFrame(first_on), {"first_on": "date"})
    nodes = pd.DataFrame({"node_key": [77, 88, 1, 2], "customer_key": [1, None, 1, 2]})
    nodes["is_hub"] = nodes["customer_key"].isna()
    sandbox.give("int_customer_node", nodes.assign(node_kind="customer"), {"customer_key": "bigint"})
    told = [
        (77, "2024-06-01", "price", 2),
        (1, "2024-04-01", "recommendation", 1),
        (2, "2024-05-01", "location", 3),
        (88, "2024-01-01", "price", 4),
    ]
    reasons = pd.DataFrame(told, columns=["customer_hash", "acquired_on", "reason", "row_key"]).assign(chain_key=1001)
    sandbox.give("stg_chain__acquisition_reasons", reasons, {"acquired_on": "date"})
    kinds = ["earned", "earned", "bought", "bought", "bought", "bought", "unknown"]
    sandbox.give("acquisition_reasons", pd.DataFrame({"reason_code": REASONS, "acquisition_kind": kinds}))
    got = sandbox.build("int_customer_won").sort_values("customer_key")
    assert got["won_on"].dt.strftime("%Y-%m-%d").tolist() == ["2019-01-01", "2024-04-01", "2024-05-01", "2024-05-01"]
    assert got["reason_code"].tolist() == ["unknown", "recommendation", "location", "unknown"]
    assert got["acquisition_kind"].tolist() == ["unknown", "earned", "bought", "unknown"]


# ------------------------------------------------------------------------------- retention and revenue at risk


def bootstrap_weights(random: np.random.Generator) -> np.ndarray:
    """Draws per replicate and bucket; replicate 0 draws everybody once."""
    weights = random.poisson(1, (REPLICATES + 1, BUCKETS))
    weights[0] = 1
    return weights


def give_weights(sandbox: Sandbox, weights: np.ndarray) -> None:
    """The bootstrap's weights, zeros left out."""
    replicate, bucket = np.nonzero(weights)
    rows = {"replicate": replicate, "bucket": bucket, "weight": weights[replicate, bucket]}
    sandbox.give("int_bootstrap_weight", pd.DataFrame(rows))


def random_buckets(random: np.random.Generator, link: int) -> pd.DataFrame:
    """int_link_bucket of one link; some strata too small to stand alone."""
    rows = []
    for band, segment, bucket in itertools.product((1, 2, 3), ("private", "business"), range(BUCKETS)):
        size = 0.05 if (band, segment) == (3, "business") else 2
        row = {"chain_link_key": link, "tenure_band_key": band, "segment": segment, "bucket": bucket}
        row["exposed"] = int(random.poisson(6))
        for category, retention in zip(CATEGORIES, (0.8, 0.6, 0.45), strict=True):
            scored = int(random.poisson(size))
            row[f"{category}s"] = scored
            row[f"retained_{category}s_e9"] = round(random.binomial(scored, retention) * 1.0625e9)
        rows.append(row)
    return pd.DataFrame(rows)


def random_margins(random: np.random.Generator, link: int) -> pd.DataFrame:
    """int_detractor_margin of one link."""
    cells = itertools.product((1, 2, 3), ("private", "business"), range(0, BUCKETS, 2))
    rows = pd.DataFrame(cells, columns=["tenure_band_key", "segment", "bucket"]).assign(chain_link_key=link)
    rows["detractor_customers"] = random.integers(1, 5, len(rows))
    return rows.assign(detractor_margin_eur=np.round(random.normal(300, 200, len(rows)), 2))


STRATUM = ["tenure_band_key", "segment"]


def expected_category_replicate(buckets: pd.DataFrame, margins: pd.DataFrame, weight: np.ndarray) -> dict:
    """One replicate of one link, stratum by stratum."""
    alone = buckets.groupby(STRATUM)[[f"{c}s" for c in CATEGORIES]].sum() >= MIN_STRATUM
    drawn = buckets.assign(w=weight[buckets["bucket"]])
    at_stake = margins.assign(w=weight[margins["bucket"]])
    exposed, parts, risk = 0.0, dict.fromkeys(CATEGORIES, 0.0), 0.0
    for stratum, rows in drawn.groupby(STRATUM):
        retention = {}
        for category in CATEGORIES:
            pooled = rows if alone.loc[stratum, f"{category}s"] and (rows["w"] * rows[f"{category}s"]).sum() else drawn
            total = (pooled["w"] * pooled[f"{category}s"]).sum()
            retention[category] = (pooled["w"] * pooled[f"retained_{category}s_e9"]).sum() / 1e9 / total
            parts[category] += (rows["w"] * rows["exposed"]).sum() * retention[category]
        exposed += (rows["w"] * rows["exposed"]).sum()
        mine = at_stake[(at_stake[STRATUM] == list(stratum)).all(axis=1)]
        euros = (mine["w"] * mine["detractor_margin_eur"]).sum()
        risk += euros * (retention["promoter"] - retention["detractor"])
    return {category: part / exposed for category, part in parts.items()} | {"risk": max(0.0, risk)}


def build_risk(sandbox: Sandbox, buckets: pd.DataFrame, margins: pd.DataFrame, weights: np.ndarray) -> pd.DataFrame:
    """int_category_replicate."""
    unread = [f"trailing_{category}s" for category in CATEGORIES]
    unread += ["exposed_once_e9", "retained_with_margin", "margin_eur"]
    sandbox.give("int_link_bucket", buckets.assign(**dict.fromkeys(unread, 0)))
    sandbox.give("int_detractor_margin", margins, {"detractor_margin_eur": "decimal(18, 2)"})
    give_weights(sandbox, weights)
    sandbox.build("int_link_stratum_replicate")
    return sandbox.build("int_category_replicate")


def give_evidence(sandbox: Sandbox, missing: list[str | None]) -> None:
    """What is missing for the verdict of both links."""
    rows = pd.DataFrame({"chain_link_key": [10013, 10015], "missing_evidence": missing})
    sandbox.give("int_link_evidence", rows, {"missing_evidence": "varchar"})


def test_revenue_at_risk_on_random_links(sandbox: Sandbox) -> None:
    """Every replicate, and the mart's estimate and interval."""
    random = np.random.default_rng(7)
    buckets = pd.concat([random_buckets(random, link) for link in (10013, 10015)], ignore_index=True)
    margins = pd.concat([random_margins(random, link) for link in (10013, 10015)], ignore_index=True)
    weights = bootstrap_weights(random)
    got = build_risk(sandbox, buckets, margins, weights).set_index(["chain_link_key", "replicate"])
    assert len(got) == 2 * (REPLICATES + 1)
    risks = {10013: [], 10015: []}
    for (link, replicate), row in got.sort_index().iterrows():
        mine = (buckets["chain_link_key"] == link, margins["chain_link_key"] == link)
        expected = expected_category_replicate(buckets[mine[0]], margins[mine[1]], weights[replicate])
        for category in CATEGORIES:
            close(row[f"{category}_retention"], expected[category])
        close(row["revenue_at_risk_eur"], expected["risk"])
        risks[link].append(expected["risk"])
    give_evidence(sandbox, [None, "too few"])
    mart = sandbox.build("mart_revenue_at_risk").set_index("chain_link_key")
    shown, missing = mart.loc[10013], mart.loc[10015]
    close(shown["revenue_at_risk_eur"], risks[10013][0])
    close(shown["revenue_at_risk_ci_low_eur"], np.percentile(risks[10013][1:], 2.5))
    close(shown["revenue_at_risk_ci_high_eur"], np.percentile(risks[10013][1:], 97.5))
    mine = margins[margins["chain_link_key"] == 10013]
    close(shown["observed_margin_eur"], mine["detractor_margin_eur"].sum())
    gap = shown["reference_retention"] - shown["detractor_retention"]
    close(float(shown["observed_margin_eur"]) * gap, shown["revenue_at_risk_eur"])
    assert missing["missing_evidence"] == "too few"
    assert missing.filter(regex="risk|retention$").isna().all()


def test_detractors_who_stay_longer_put_nothing_at_risk(sandbox: Sandbox) -> None:
    """Not below 0; and nine detractors are not shown."""
    random = np.random.default_rng(8)
    buckets = random_buckets(random, 10013)
    flipped = {"retained_promoters_e9": "retained_detractors_e9", "retained_detractors_e9": "retained_promoters_e9"}
    flipped |= {"promoters": "detractors", "detractors": "promoters"}
    margins = random_margins(random, 10013).assign(detractor_margin_eur=100.0)
    build_risk(sandbox, buckets.rename(columns=flipped), margins, bootstrap_weights(random))
    give_evidence(sandbox, [None, None])
    row = sandbox.build("mart_revenue_at_risk").set_index("chain_link_key").loc[10013]
    close(row["revenue_at_risk_eur"], 0)
    assert row["reference_retention"] < row["detractor_retention"]
    nine = margins.head(9).assign(detractor_customers=1)
    sandbox.give("int_detractor_margin", nine, {"detractor_margin_eur": "decimal(18, 2)"})
    row = sandbox.build("mart_revenue_at_risk").set_index("chain_link_key").loc[10013]
    assert row.filter(regex="eur|customers|retention$").isna().all()
    assert row["missing_evidence"] == "fewer than 10 detractors in the period"


def test_the_last_score_says_who_is_a_detractor(sandbox: Sandbox) -> None:
    """By the day of the response; on one day by the later row; only of the trailing quarters."""
    rows = [
        # response, customer, category, day, trailing
        (5, 1, "detractor", "2025-02-01", True),
        (4, 1, "promoter", "2025-03-01", True),
        (6, 2, "promoter", "2025-02-01", True),
        (7, 2, "detractor", "2025-02-01", True),
        (8, 3, "detractor", "2024-02-01", False),
        (9, 1002, "detractor", "2025-05-01", True),
    ]
    columns = ["response_key", "customer_key", "nps_category", "response_on", "is_trailing"]
    scores = pd.DataFrame(rows, columns=columns)
    sandbox.give("fct_nps_response", scores[["response_key", "response_on"]], {"response_on": "date"})
    same = {"chain_link_key": 10013, "chain_key": 1001, "tenure_band_key": 1, "segment": "private"}
    sandbox.give("int_response_outcome", scores.drop(columns="response_on").assign(**same))
    margin = pd.DataFrame({"customer_key": [1, 2], "chain_key": 1001, "margin_eur": [50.0, 70.5]})
    sandbox.give("int_customer_window_margin", margin, {"margin_eur": "decimal(18, 2)"})
    got = sandbox.build("int_detractor_margin")
    assert got[["bucket", "detractor_customers"]].values.tolist() == [[2, 2]]
    close(got["detractor_margin_eur"], [70.5])


# ------------------------------------------------------------------------------------------------ business case

QUARTERS = list(pd.date_range("2024-01-01", "2025-10-01", freq="QS"))
HIDDEN = (10013, pd.Timestamp("2024-04-01"))


def random_business(random: np.random.Generator) -> pd.DataFrame:
    """int_business_bucket of both links over two years."""
    cells = itertools.product((10013, 10015), QUARTERS, range(BUCKETS))
    rows = pd.DataFrame(cells, columns=["chain_link_key", "quarter_start_on", "bucket"])
    counts = ["exposed", "complaints", "customers_with_margin", "promoters", "passives", "detractors"]
    for count, mean in zip(counts, (9, 1, 8, 3, 2, 1), strict=True):
        rows[count] = random.poisson(mean, len(rows))
    return rows.assign(margin_eur=np.round(random.gamma(2, 300, len(rows)), 2))


def give_business(sandbox: Sandbox, random: np.random.Generator) -> tuple[pd.DataFrame, ...]:
    """Everything the business case reads, and the rows it was made of."""
    business, weights = random_business(random), bootstrap_weights(random)
    sandbox.give("int_business_bucket", business, {"quarter_start_on": "date", "margin_eur": "decimal(18, 2)"})
    give_weights(sandbox, weights)
    replicates = pd.DataFrame(
        itertools.product((10013, 10015), range(REPLICATES + 1)), columns=["chain_link_key", "replicate"]
    )
    for category, retention in zip(CATEGORIES, (0.8, 0.6, 0.4), strict=True):
        replicates[f"{category}_retention"] = random.normal(retention, 0.03, len(replicates))
    replicates["margin_per_retained_eur"] = random.normal(300, 20, len(replicates))
    sandbox.give("int_category_replicate", replicates)
    sandbox.give("int_link_replicate", replicates)
    got = sandbox.build("int_business_replicate")
    months = [
        (link, month) for link in (10013, 10015) for month in pd.date_range("2024-01-01", "2025-12-01", freq="MS")
    ]
    costs = pd.DataFrame(months, columns=["chain_link_key", "month"])
    costs["quarter_start_on"] = costs["month"].dt.to_period("Q").dt.start_time
    costs["programme_cost_eur"] = np.round(random.uniform(1000, 3000, len(costs)), 2)
    costs["head_count"] = np.where(random.random(len(costs)) < 0.2, np.nan, random.integers(5, 50, len(costs)))
    costs = costs[~((costs["chain_link_key"] == 10015) & (costs["month"] == pd.Timestamp("2025-05-01")))]
    types = {"quarter_start_on": "date", "programme_cost_eur": "decimal(18, 2)", "head_count": "decimal(18, 2)"}
    sandbox.give("fct_link_cost", costs, types)
    quarters = business[["chain_link_key", "quarter_start_on"]].drop_duplicates()
    hidden = [tuple(key) == HIDDEN for key in quarters.itertuples(index=False)]
    sandbox.give("mart_nps_by_link", quarters.assign(is_suppressed=hidden), {"quarter_start_on": "date"})
    won = random_won(random, 400, 1001, start="2023-06-01")
    give_won(sandbox, won)
    give_evidence(sandbox, [None, None])
    return business, weights, replicates, costs, won, got


def expected_retention(rows: pd.DataFrame, weight: np.ndarray, retention: pd.Series) -> tuple[float, float]:
    """Exposed customers and their expected retention, in one quarter of one replicate."""
    drawn = weight[rows["bucket"]]
    mix = [(drawn * rows[f"{category}s"]).sum() for category in CATEGORIES]
    return (drawn * rows["exposed"]).sum(), np.average(
        [retention[f"{category}_retention"] for category in CATEGORIES], weights=mix
    )


def expected_avoided(
    business: pd.DataFrame, weights: np.ndarray, replicates: pd.DataFrame, link: int, quarter: pd.Timestamp
) -> pd.DataFrame:
    """Loss and loss avoided per replicate of one link and quarter."""
    cells = business[business["chain_link_key"] == link].groupby("quarter_start_on")
    figures = replicates[replicates["chain_link_key"] == link].set_index("replicate")
    rows = []
    for replicate, retention in figures.iterrows():
        exposed, kept = expected_retention(cells.get_group(quarter), weights[replicate], retention)
        margin = retention["margin_per_retained_eur"]
        stake = exposed * (retention["promoter_retention"] - kept) * margin
        row = {"lost": exposed * (1 - kept), "stake": stake, "avoided": np.nan, "euros": np.nan}
        earlier = quarter - pd.DateOffset(years=1)
        if earlier in cells.groups:
            _, kept_earlier = expected_retention(cells.get_group(earlier), weights[replicate], retention)
            row["avoided"] = exposed * (kept - kept_earlier)
            row["euros"] = row["avoided"] * margin
        rows.append(row)
    return pd.DataFrame(rows)


def check_loss(row: pd.Series, expected: pd.DataFrame, cost: float | None) -> None:
    """Loss avoided, its interval and the return, of a row that shows them."""
    now = expected.iloc[0]
    close(row[["expected_lost_customers", "value_at_stake_one_by_one_eur"]], now[["lost", "stake"]])
    close(row[["lost_customers_avoided", "loss_avoided_eur"]], now[["avoided", "euros"]])
    euros = expected["euros"].iloc[1:]
    bounds = (
        [now["euros"], np.percentile(euros, 2.5), np.percentile(euros, 97.5)] if euros.notna().all() else [np.nan] * 3
    )
    close(row[["loss_avoided_eur", "loss_avoided_ci_low_eur", "loss_avoided_ci_high_eur"]], bounds)
    roi = [np.nan] * 3 if cost is None else [(bound - cost) / cost for bound in bounds]
    close(row[["roi", "roi_ci_low", "roi_ci_high"]], roi)


def test_business_case_on_random_quarters(sandbox: Sandbox) -> None:
    """Costs, losses, return, complaints, margins and new customers of every quarter."""
    business, weights, replicates, costs, won, got = give_business(sandbox, np.random.default_rng(11))
    assert len(got) == 2 * len(QUARTERS) * (REPLICATES + 1)
    mart = sandbox.build("mart_business_case")
    assert len(mart) == 2 * len(QUARTERS)
    loss_figures = ["lost_customers_avoided", "loss_avoided_eur", "loss_avoided_ci_low_eur", "roi", "roi_ci_high"]
    for _, row in mart.iterrows():
        link, quarter = row["chain_link_key"], row["quarter_start_on"]
        key = (business["chain_link_key"] == link) & (business["quarter_start_on"] == quarter)
        met = business[key].sum(numeric_only=True)
        spent = costs[(costs["chain_link_key"] == link) & (costs["quarter_start_on"] == quarter)]
        cost = spent["programme_cost_eur"].sum() if len(spent) == 3 else None
        assert row["exposed_customers"] == met["exposed"] and row["complaints"] == met["complaints"]
        close(row["complaints_per_1000"], 1000 * met["complaints"] / met["exposed"])
        level = 2 * stats.norm.sf(1.959964)
        wilson = proportion_confint(met["complaints"], met["exposed"], alpha=level, method="wilson")
        close(row[["complaints_per_1000_ci_low", "complaints_per_1000_ci_high"]], 1000 * np.array(wilson))
        close(row["margin_per_customer_eur"], met["margin_eur"] / met["customers_with_margin"])
        close(row["head_count"], spent["head_count"].mean())
        close(row["cost_per_employee_eur"], np.nan if cost is None else cost / spent["head_count"].mean())
        earlier = business[
            (business["chain_link_key"] == link) & (business["quarter_start_on"] == quarter - pd.DateOffset(years=1))
        ].sum(numeric_only=True)
        rate = 1000 * earlier["complaints"] / earlier["exposed"] if earlier["exposed"] else np.nan
        close(row["complaints_per_1000_change"], row["complaints_per_1000"] - rate)
        check_new_customers(row, won)
        expected = expected_avoided(business, weights, replicates, link, quarter)
        if (link, quarter) == HIDDEN:
            assert row["missing_evidence"] == "the scores of the quarter are too few to show"
            assert row[[*loss_figures, "expected_lost_customers", "value_at_stake_one_by_one_eur"]].isna().all()
        elif (link, quarter - pd.DateOffset(years=1)) == HIDDEN:
            assert "a year earlier are too few" in row["missing_evidence"]
            assert row[loss_figures].isna().all()
        else:
            check_loss(row, expected, cost)
            missing = None if quarter.year == 2025 else "no data of the same quarter a year earlier"
            missing = "programme cost of 2 of 3 months only" if cost is None else missing
            assert row["missing_evidence"] == missing or (missing is None and pd.isna(row["missing_evidence"]))


@pytest.mark.parametrize(("known", "is_shown"), [(9, False), (10, True)])
def test_the_margin_of_few_customers_is_not_shown(sandbox: Sandbox, known: int, is_shown: bool) -> None:
    """However many met the link: of most of them no margin is known."""
    give_business(sandbox, np.random.default_rng(12))
    relation = sandbox.project.relations["int_business_bucket"]
    sandbox.connection.execute(f"update {relation} set customers_with_margin = 0")
    sandbox.connection.execute(
        f"update {relation} set customers_with_margin = {known} where rowid in "
        f"(select min(rowid) from {relation} group by chain_link_key, quarter_start_on)"
    )
    assert sandbox.build("mart_business_case")["margin_per_customer_eur"].notna().eq(is_shown).all()


def test_a_link_without_evidence_avoids_no_loss(sandbox: Sandbox) -> None:
    """Its costs and counts stay; the reason is the one of the verdict."""
    give_business(sandbox, np.random.default_rng(14))
    give_evidence(sandbox, ["too few scores", None])
    mart = sandbox.build("mart_business_case").query("quarter_start_on.dt.year == 2025")
    without = mart[mart["chain_link_key"] == 10013]
    hidden = without["missing_evidence"] == "too few scores"
    assert hidden.all()
    losses = without.filter(regex="^(expected_lost|value_at_stake|lost_customers|loss_avoided|roi)")
    assert losses.shape[1] == 9 and losses.isna().all(axis=None)
    assert without[["programme_cost_eur", "complaints_per_1000"]].notna().all(axis=None)
    assert mart.loc[mart["chain_link_key"] == 10015, "expected_lost_customers"].notna().all()


def check_new_customers(row: pd.Series, won: pd.DataFrame) -> None:
    """New customers by reason, at the point of sale only."""
    columns = ["new_customers", *(f"new_customers_{reason}" for reason in REASONS)]
    if row["link_code"] == "contact_centre":
        assert row[columns].isna().all()
        return
    mine = won[won["won_on"].dt.to_period("Q").dt.start_time == row["quarter_start_on"]]
    assert row[columns].tolist() == [len(mine), *((mine["reason_code"] == reason).sum() for reason in REASONS)]


def test_buckets_add_up_to_what_happened(sandbox: Sandbox) -> None:
    """Exposed once a quarter, with their complaints and margin, wherever in the chain these arose."""
    random = np.random.default_rng(12)
    size = 3000
    purchases = random_purchases(random, size, 1001)
    sandbox.give("fct_transaction", purchases, TRANSACTION_TYPES)
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 700, size), unit="D")
    customers = random.integers(1, 900, size)
    meetings = pd.DataFrame({"customer_key": customers, "chain_key": 1001, "met_on": days})
    meetings["chain_link_key"] = random.choice([10013, 10015], size)
    sandbox.give("int_link_meeting", meetings, {"met_on": "date"})
    contacts = meetings[["customer_key", "chain_key", "met_on"]].rename(columns={"met_on": "opened_on"})
    contacts["reason_code"] = random.choice(["complaint", "question"], size)
    sandbox.give("fct_contact", contacts, {"opened_on": "date"})
    scores = pd.DataFrame({"response_key": range(size), "chain_link_key": 10013, "quarter_start_on": QUARTERS[0]})
    scores["customer_key"] = np.where(random.random(size) < 0.5, np.nan, customers)
    for column in ("is_promoter", "is_passive", "is_detractor"):
        scores[column] = random.integers(0, 2, size)
    sandbox.give("fct_nps_response", scores, {"quarter_start_on": "date", "customer_key": "bigint"})
    got = sandbox.build("int_business_bucket")
    assert (
        got["bucket"].between(0, 999).all()
        and not got.duplicated(["chain_link_key", "quarter_start_on", "bucket"]).any()
    )
    totals = got.groupby(["chain_link_key", "quarter_start_on"]).sum(numeric_only=False)
    paid = purchases[purchases["is_customer_paid"] | (purchases["transaction_kind"] == "return")]
    for (link, quarter), rows in meetings.groupby(["chain_link_key", meetings["met_on"].dt.to_period("Q")]):
        row = totals.loc[(link, quarter.start_time)]
        exposed = set(rows["customer_key"])
        bought = paid[paid["customer_key"].isin(exposed) & (paid["transaction_on"].dt.to_period("Q") == quarter)]
        unpriced = bought.groupby("customer_key")["margin_eur"].apply(lambda margins: margins.isna().all()).sum()
        complained = contacts["reason_code"].eq("complaint") & contacts["customer_key"].isin(exposed)
        assert row["exposed"] == len(exposed)
        assert row["complaints"] == (complained & (contacts["opened_on"].dt.to_period("Q") == quarter)).sum()
        assert row["customers_with_margin"] == len(exposed) - unpriced
        close(row["margin_eur"], bought["margin_eur"].sum())
    first = totals.loc[(10013, QUARTERS[0])]
    for count, column in (("promoters", "is_promoter"), ("passives", "is_passive"), ("detractors", "is_detractor")):
        assert first[count] == scores[column].sum()


def test_the_same_money_whatever_the_order(sandbox: Sandbox) -> None:
    random = np.random.default_rng(13)
    give_business(sandbox, random)
    sandbox.assert_order_does_not_matter(["int_business_replicate", "mart_business_case"])
    sandbox.give("fct_transaction", random_purchases(random, 2000, 1001), TRANSACTION_TYPES)
    sandbox.assert_order_does_not_matter(["int_revenue_growth", "mart_earned_growth"])
    build_risk(sandbox, random_buckets(random, 10013), random_margins(random, 10013), bootstrap_weights(random))
    sandbox.assert_order_does_not_matter(
        ["int_link_stratum_replicate", "int_category_replicate", "mart_revenue_at_risk"]
    )
