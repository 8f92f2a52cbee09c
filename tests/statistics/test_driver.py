"""What within a link goes with its score: drivers against pandas, statsmodels and scipy."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats
from statsmodels.stats.multitest import multipletests

from study.sql_harness import Sandbox, close

MIN_SHOWN, MIN_FULL = 10, 30
Z_95 = 1.959964
TRAILING = (date(2025, 7, 1), date(2026, 6, 30))
BEFORE, INSIDE = date(2025, 4, 1), date(2026, 1, 1)
TOUCHPOINTS = {4: "sale", 5: "service", 7: "contact"}
CHANNELS = {0: "unknown", 1: "email", 2: "sms", 3: "phone"}
REASONS = ("complaint", "delivery", "invoice", "repair")
PARTNERS = range(1, 9)
SURVEYS = pd.DataFrame({"survey_key": [3, 4], "survey_code": ["post_sale", "post_service"]})
ITEM_FIGURES = [
    f"{figure}{ending}"
    for figure in ("mean_rating", "explained_share", "rating_correlation")
    for ending in ("", "_ci_low", "_ci_high")
]
ITEM_TYPES = {
    **{"chain_link_key": "integer", "survey_key": "integer", "item_code": "varchar", "responses": "bigint"},
    **dict.fromkeys([*ITEM_FIGURES, "r_squared"], "double"),
    "missing_reason": "varchar",
}
KINDS = ("touchpoint", "partner", "survey_mode", "contact_reason")
FIGURES = ["responses", "response_share", "nps", "nps_ci_low", "nps_ci_high", "rest_nps", "nps_gain", "q_value"]


def answers(random: np.random.Generator, link: int, size: int, reasons: bool) -> pd.DataFrame:
    """Answers of a link, inside the trailing quarters and before them; some partners score worse than others."""
    rows = pd.DataFrame(
        {
            "response_key": np.arange(size) + 100_000 * link,
            "chain_link_key": link,
            "partner": random.choice(PARTNERS, size, p=[0.3, 0.25, 0.2, 0.1, 0.07, 0.05, 0.02, 0.01]),
            "touchpoint_key": random.choice(list(TOUCHPOINTS), size, p=[0.6, 0.3, 0.1]),
            "channel_key": random.choice(list(CHANNELS), size, p=[0.02, 0.6, 0.3, 0.08]),
            "quarter_start_on": random.choice([BEFORE, INSIDE], size, p=[0.2, 0.8]),
        }
    )
    mood = random.normal(0, 1, size) - 0.2 * rows["partner"] % 3
    rows["points"] = np.select([mood > 0.2, mood > -0.6], [1, 0], -1)
    rows["reason"] = random.choice([*REASONS, "Rang twice!"], size) if reasons else None
    rows.loc[random.random(size) < 0.3, "reason"] = None
    return rows


@pytest.fixture
def given(sandbox: Sandbox) -> pd.DataFrame:
    """Links large and small, two of them with surveys about contacts; one with no answer in the period."""
    random = np.random.default_rng(1935)
    sizes = {101: 900, 102: 400, 103: 60, 104: 9, 105: 150}
    rows = pd.concat([answers(random, link, size, link in (101, 103)) for link, size in sizes.items()])
    rows.loc[rows["chain_link_key"] == 105, "quarter_start_on"] = BEFORE
    # one partner and one touchpoint only: the whole of its link
    rows.loc[rows["chain_link_key"] == 102, "touchpoint_key"] = 4
    rows = rows.reset_index(drop=True)
    give(sandbox, rows)
    return rows[rows["quarter_start_on"] == INSIDE]


def give(sandbox: Sandbox, rows: pd.DataFrame) -> None:
    """The tables that the models read."""
    random = np.random.default_rng(7)
    # half of the answers stand in the row of the invitation, the others name it
    apart = random.random(len(rows)) < 0.5
    facts = rows.assign(
        partner_key=rows["partner"],
        invitation_key=np.where(apart, rows["response_key"] + 50_000, rows["response_key"]),
        is_promoter=(rows["points"] == 1).astype(int),
        is_passive=(rows["points"] == 0).astype(int),
        is_detractor=(rows["points"] == -1).astype(int),
    ).drop(columns=["partner", "points", "reason"])
    # an answer without any invitation
    facts["invitation_key"] = facts["invitation_key"].astype("Int64").mask(~apart & (random.random(len(rows)) < 0.5))
    sandbox.give("fct_nps_response", facts, {"quarter_start_on": "date", "invitation_key": "bigint"})
    sandbox.give("int_period", pd.DataFrame({"trailing_from": [TRAILING[0]], "trailing_to": [TRAILING[1]]}))
    about = rows[rows["reason"].notna()]
    numbers = [f"K{number}" for number in range(len(about))]
    asked = pd.DataFrame({"partner_code": "CC", "contact_id": numbers})
    survey_rows = facts.loc[about.index, "invitation_key"].fillna(facts.loc[about.index, "response_key"])
    sandbox.give("stg_contact_centre__surveys", asked.assign(row_key=survey_rows.astype("int64").to_numpy()))
    sandbox.give("stg_contact_centre__contacts", asked.assign(reason=about["reason"].to_numpy()), {"reason": "varchar"})
    named = {"touchpoint": TOUCHPOINTS, "channel": CHANNELS}
    for name, codes in named.items():
        table = pd.DataFrame({f"{name}_key": list(codes), f"{name}_code": list(codes.values())})
        sandbox.give(f"dim_{name}", table.assign(**{f"{name}_name": table[f"{name}_code"].str.title()}))
    links = pd.DataFrame({"chain_link_key": rows["chain_link_key"].unique()})
    sandbox.give(
        "dim_chain_link", links.assign(chain_code="automotive_nl", link_code="link_" + links.chain_link_key.astype(str))
    )
    sandbox.give("dim_survey", SURVEYS)
    sandbox.give("int_driver_item", pd.DataFrame(columns=list(ITEM_TYPES)), ITEM_TYPES)
    sandbox.give("int_ranking_cell", partner_cells(rows[rows["quarter_start_on"] == INSIDE]))


def partner_cells(rows: pd.DataFrame) -> pd.DataFrame:
    """What the ranking shows of partners: here the smallest ones are hidden, and quarters are no rows of ours."""
    cells = counted(rows, ["chain_link_key", "partner"]).reset_index()
    small = (cells.groupby("chain_link_key")["responses"].rank() <= 2) | (cells["responses"] < MIN_SHOWN)
    cells["suppression_reason"] = np.where(small, "too few", None)
    cells.loc[small, COUNTS] = np.nan
    cells = cells.assign(partner_code="P" + cells["partner"].astype(str))
    cells = cells.assign(partner_name="Partner " + cells["partner_code"], period_kind="trailing")
    cells = pd.concat([cells, cells.assign(period_kind="quarter")]).drop(columns="partner")
    return cells.astype(dict.fromkeys(COUNTS, "Int64"))


COUNTS = ["responses", "promoters", "passives", "detractors"]


def counted(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Counts of answers."""
    groups = rows.groupby(keys)["points"]
    return groups.agg(
        responses="size",
        promoters=lambda points: (points == 1).sum(),
        passives=lambda points: (points == 0).sum(),
        detractors=lambda points: (points == -1).sum(),
    )


def coded(rows: pd.DataFrame) -> pd.DataFrame:
    """The answers with the code of their level of each kind."""
    reason = rows["reason"].where(rows["reason"].isin(REASONS) | rows["reason"].isna(), "other").fillna("(none)")
    return rows.assign(
        touchpoint=rows["touchpoint_key"].map(TOUCHPOINTS),
        survey_mode=rows["channel_key"].map(CHANNELS),
        partner="P" + rows["partner"].astype(str),
        contact_reason=reason,
    )


def wald(points: pd.Series) -> tuple[float, float]:
    """Estimate and standard error of the adjusted Wald interval, in points: three answers are added."""
    added = np.r_[np.repeat(points.to_numpy(float), 4), np.repeat([1.0, 0.0, -1.0], [3, 6, 3])]
    return 100 * added.mean(), 100 * added.std() / np.sqrt(len(added) / 4)


def build(sandbox: Sandbox) -> pd.DataFrame:
    """The mart."""
    sandbox.build("int_driver_cell")
    return sandbox.build("mart_link_driver")


def test_levels_of_a_kind_are_all_answers_of_the_period(sandbox: Sandbox, given: pd.DataFrame) -> None:
    cells = sandbox.build("int_driver_cell")
    for kind in ("touchpoint", "survey_mode", "contact_reason"):
        rows = coded(given)
        if kind == "contact_reason":
            rows = rows[rows["chain_link_key"].isin([101, 103])]
        got = cells[cells["driver_kind"] == kind].set_index(["chain_link_key", "driver_code"])[COUNTS].sort_index()
        expected = counted(rows, ["chain_link_key", kind]).rename_axis(["chain_link_key", "driver_code"])
        pd.testing.assert_frame_equal(got, expected.sort_index(), check_dtype=False)


def test_performance_and_importance_of_what_is_shown(sandbox: Sandbox, given: pd.DataFrame) -> None:
    """NPS, rest, gain and interval by pandas on single answers; q by statsmodels."""
    mart, rows = build(sandbox), coded(given)
    shown = mart[~mart["is_suppressed"]]
    assert set(shown["driver_kind"]) == set(KINDS)
    for row in shown.itertuples():
        link = rows.loc[rows["chain_link_key"] == row.chain_link_key]
        here = link[row.driver_kind] == row.driver_code
        mine, rest = link.loc[here, "points"], link.loc[~here, "points"]
        estimate, error = wald(mine)
        close([row.responses, row.response_share, row.nps], [len(mine), here.mean(), 100 * mine.mean()])
        close(
            [row.nps_ci_low, row.nps_ci_high],
            [max(-100, estimate - Z_95 * error), min(100, estimate + Z_95 * error)],
        )
        if rest.empty:
            assert pd.isna([row.rest_nps, row.nps_gain, row.nps_gain_ci_low, row.nps_gain_ci_high, row.q_value]).all()
            continue
        # what the link would have if the driver's answers were as the rest's on average
        lifted = np.where(here, rest.mean(), link["points"]).mean() - link["points"].mean()
        close([row.rest_nps, row.nps_gain], [100 * rest.mean(), 100 * lifted])
        rest_estimate, rest_error = wald(rest)
        difference, width = rest_estimate - estimate, Z_95 * np.hypot(error, rest_error)
        close(
            [row.nps_gain_ci_low, row.nps_gain_ci_high],
            [here.mean() * (difference - width), here.mean() * (difference + width)],
        )
    assert shown["rest_nps"].isna().sum() == 1


def test_many_comparisons(sandbox: Sandbox, given: pd.DataFrame) -> None:
    mart, rows = build(sandbox), coded(given)
    compared = mart[mart["nps_gain"].notna()]
    assert len(compared) > 20
    for (key, kind), members in compared.groupby(["chain_link_key", "driver_kind"]):
        link = rows[rows["chain_link_key"] == key]
        p_values = []
        for code in members["driver_code"]:
            one, rest = wald(link.loc[link[kind] == code, "points"]), wald(link.loc[link[kind] != code, "points"])
            p_values.append(2 * stats.norm.sf(abs(rest[0] - one[0]) / np.hypot(one[1], rest[1])))
        close(members["q_value"], multipletests(p_values, method="fdr_bh")[1])


def test_gains_from_the_links_own_nps_add_up_to_nothing(sandbox: Sandbox, given: pd.DataFrame) -> None:
    mart = build(sandbox)
    whole = mart.groupby(["chain_link_key", "driver_kind"])["nps_gain"].transform(lambda gains: gains.notna().all())
    parts = mart[whole].assign(part=mart["nps_gain"] * (1 - mart["response_share"]))
    sums = parts.groupby(["chain_link_key", "driver_kind"])["part"].sum()
    assert len(sums) >= 3
    close(sums, np.zeros(len(sums)))


def test_share_that_a_kind_explains_is_an_adjusted_r_squared(sandbox: Sandbox, given: pd.DataFrame) -> None:
    """One mean per level by least squares; hidden levels are one."""
    mart, rows = build(sandbox), coded(given)
    seen = 0
    for (key, kind), members in mart.groupby(["chain_link_key", "driver_kind"]):
        assert members["kind_explained_share"].nunique(dropna=False) == 1
        got = members["kind_explained_share"].iloc[0]
        link = rows[rows["chain_link_key"] == key]
        shown = set(members.loc[~members["is_suppressed"], "driver_code"])
        level = link[kind].where(link[kind].isin(shown), "(hidden)")
        if level.nunique() < 2:
            assert pd.isna(got)
            continue
        fitted = smf.ols("points ~ C(level)", pd.DataFrame({"points": link["points"], "level": level})).fit()
        close(got, max(0, fitted.rsquared_adj))
        seen += got > 0
    assert seen >= 3


def test_suppression(sandbox: Sandbox, given: pd.DataFrame) -> None:
    """Hidden are small levels, what would give them away, a link of few answers, and a partner where it is hidden."""
    mart = build(sandbox)
    hidden, shown = mart[mart["is_suppressed"]], mart[~mart["is_suppressed"]]
    assert hidden[[*FIGURES, "nps_gain_ci_low", "nps_gain_ci_high"]].isna().all(axis=None)
    assert hidden["suppression_reason"].notna().all()
    assert (shown["responses"] >= MIN_SHOWN).all()
    assert mart.loc[mart["chain_link_key"] == 104, "is_suppressed"].all()
    assert mart.loc[mart["chain_link_key"] == 104, "kind_explained_share"].isna().all()
    assert mart.loc[mart["suppression_reason"] == "too few", "driver_kind"].eq("partner").all()
    responses = mart["responses"].fillna(0)
    expected = np.where(mart["is_suppressed"], "hidden", np.where(responses < MIN_FULL, "indicative", "full"))
    assert mart["evidence"].tolist() == expected.tolist()
    assert set(expected) == {"hidden", "indicative", "full"}
    # whoever knows the link's total learns of hidden levels only what they sum to: of two at least, and of ten answers
    own = hidden[(hidden["driver_kind"] != "partner") & (hidden["chain_link_key"] != 104)]
    assert own["suppression_reason"].str.startswith("complementary").any()
    for (key, kind), members in own.groupby(["chain_link_key", "driver_kind"]):
        link = coded(given[given["chain_link_key"] == key])
        assert len(members) >= 2
        assert link[kind].isin(members["driver_code"]).sum() >= MIN_SHOWN


def test_answers_that_are_all_alike(sandbox: Sandbox) -> None:
    """No variance to explain, and no gain; intervals all the same."""
    rows = answers(np.random.default_rng(3), 101, 300, reasons=False).assign(points=1)
    give(sandbox, rows)
    mart = build(sandbox)
    compared = mart[mart["rest_nps"].notna()]
    assert len(compared) > 5
    assert (compared["nps_gain"] == 0).all()
    assert (compared["nps_gain_ci_low"] < compared["nps_gain_ci_high"]).all()
    assert mart["kind_explained_share"].isna().all()
    assert "contact_reason" not in set(mart["driver_kind"])


def test_the_check_of_the_methods(sandbox: Sandbox) -> None:
    """30 of 100 answers at -20 in a link whose others have 30: worth 15 points."""
    points = [1] * 6 + [0] * 12 + [-1] * 12 + [1] * 35 + [0] * 21 + [-1] * 14
    rows = answers(np.random.default_rng(1), 101, 100, reasons=False)
    give(sandbox, rows.assign(points=points, touchpoint_key=[4] * 30 + [5] * 70, quarter_start_on=INSIDE))
    mart = build(sandbox).set_index(["driver_kind", "driver_code"])
    close(mart.loc[("touchpoint", "sale"), ["nps", "rest_nps", "nps_gain"]].astype(float), [-20, 30, 15])


def test_order_of_rows_does_not_matter(sandbox: Sandbox, given: pd.DataFrame) -> None:
    sandbox.assert_order_does_not_matter(["int_driver_cell", "mart_link_driver"])
