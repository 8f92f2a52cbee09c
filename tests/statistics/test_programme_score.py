"""What survey programmes remove and replace, against pandas on answers at random."""

import numpy as np
import pandas as pd

from study.sql_harness import Sandbox, close

MIN_SHOWN = 10
KEYS = ["chain_link_key", "partner_code", "quarter_start_on"]
QUARTERS = pd.date_range("2024-01-01", periods=3, freq="QS").date
STATUSES = ["valid", "excluded", "under_appeal", "withdrawn", "other"]
FIGURES = ["programme_nps", "exclusion_points", "rescore_points", "programme_points"]
COUNTS = ["responses_excluded", "responses_rescored", "responses_under_appeal"]


def contribution(scores: pd.Series) -> pd.Series:
    """100 for 9 and 10, -100 up to 6, and nothing of no score."""
    return pd.Series(np.select([scores >= 9, scores <= 6], [100.0, -100.0], 0.0), index=scores.index).where(
        scores.notna()
    )


def random_answers(random: np.random.Generator) -> pd.DataFrame:
    """Some sixty answers a partner and quarter, or a handful; programmes exclude low scores and raise others."""
    cells = [(10000 + link, partner, quarter) for link in (3, 5) for partner in range(1, 7) for quarter in QUARTERS]
    chosen = [cells[place] for place in random.choice(len(cells), 1500, p=random.dirichlet(np.full(len(cells), 0.7)))]
    rows = pd.DataFrame(chosen, columns=["chain_link_key", "partner_key", "quarter_start_on"])
    rows["score"] = random.integers(0, 11, len(rows))
    rows["programme_status"] = random.choice(STATUSES, len(rows), p=[0.6, 0.2, 0.1, 0.05, 0.05])
    raised = np.where(random.random(len(rows)) < 0.2, 10, rows["score"])
    is_out = rows["programme_status"].isin(["excluded", "withdrawn"]) | (rows["partner_key"] == 6)
    rows["programme_score"] = pd.Series(raised, dtype="Int64").mask(is_out)
    rows["is_rescored"] = (rows["programme_score"].notna() & (rows["programme_score"] != rows["score"])).astype(int)
    for name, low, high in (("promoter", 9, 10), ("passive", 7, 8), ("detractor", 0, 6)):
        rows[f"is_{name}"] = rows["score"].between(low, high).astype(int)
    return rows


def give_shown(sandbox: Sandbox, rows: pd.DataFrame) -> pd.DataFrame:
    """The partners' quarters as mart_nps_by_partner has them, small ones hidden."""
    cells = rows.groupby(KEYS).agg(responses=("score", "size"), nps=("first", "mean")).reset_index()
    cells["is_suppressed"] = cells["responses"] < MIN_SHOWN
    cells["suppression_reason"] = np.where(cells["is_suppressed"], "fewer than 10 responses", None)
    for column in ("responses", "nps"):
        cells[column] = cells[column].mask(cells["is_suppressed"])
    shown = cells.assign(chain_code="automotive_nl", link_code="dealer", partner_name="P")
    sandbox.give("mart_nps_by_partner", shown, {"responses": "bigint", "suppression_reason": "varchar"})
    return cells.set_index(KEYS)


def test_what_a_programme_adds_is_what_pandas_counts(sandbox: Sandbox) -> None:
    rows = random_answers(np.random.default_rng(16))
    sandbox.give("fct_nps_response", rows.assign(nps_contribution=contribution(rows["score"]).astype(int)))
    partners = pd.DataFrame({"partner_key": range(1, 7), "partner_code": list("abcdea")})
    sandbox.give("dim_partner", partners)
    rows = rows.merge(partners, on="partner_key")
    rows["first"] = contribution(rows["score"])
    rows["theirs"] = contribution(rows["programme_score"].astype(float))
    rows["kept"] = rows["first"].where(rows["theirs"].notna())
    cells = give_shown(sandbox, rows)
    got = sandbox.build("mart_programme_score").set_index(KEYS).loc[cells.index]
    assert len(got) == len(cells)

    grouped = rows.groupby(KEYS)
    means = grouped[["first", "kept", "theirs"]].mean()
    truth = pd.DataFrame(
        {
            "programme_nps": means["theirs"],
            "exclusion_points": means["kept"] - means["first"],
            "rescore_points": means["theirs"] - means["kept"],
            "programme_points": means["theirs"] - means["first"],
        }
    )
    counted = grouped["theirs"].count()
    hidden = cells["is_suppressed"] | (counted < MIN_SHOWN)
    assert 0 < hidden.sum() < len(hidden)
    assert (hidden & ~cells["is_suppressed"]).any(), "a programme may count too few where we don't"
    assert got.loc[hidden, FIGURES].isna().all(axis=None)
    for figure in FIGURES:
        close(got.loc[~hidden, figure], truth.loc[~hidden, figure])
    sums = got["exclusion_points"] + got["rescore_points"]
    close(got.loc[~hidden, "programme_points"], sums[~hidden])

    shown = ~cells["is_suppressed"]
    expected = pd.DataFrame(
        {
            "responses_excluded": grouped.size() - counted,
            "responses_rescored": grouped["is_rescored"].sum(),
            "responses_under_appeal": grouped["programme_status"].agg(lambda status: (status == "under_appeal").sum()),
        }
    )
    assert got.loc[~shown, COUNTS].isna().all(axis=None)
    for count in COUNTS:
        assert got.loc[shown, count].tolist() == expected.loc[shown, count].tolist()


def test_answers_are_in_any_order(sandbox: Sandbox) -> None:
    rows = random_answers(np.random.default_rng(17)).assign(first=0.0, partner_code="a", nps_contribution=0)
    sandbox.give("fct_nps_response", rows)
    sandbox.give("dim_partner", pd.DataFrame({"partner_key": range(1, 7), "partner_code": "a"}))
    give_shown(sandbox, rows)
    sandbox.assert_order_does_not_matter(["mart_programme_score"])
