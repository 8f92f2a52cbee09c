"""The analyses answer their questions on the demo that `make test` has just built.

Each has a row per stated grain, and a figure that pandas finds on another path over the published tables.
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from nps_chain.settings import ROOT, load_settings
from study.sql_harness import DATABASE, CompiledProject, close

ANALYSES = ROOT / "analyses"
PUBLIC = ("dim_", "fct_", "mart_")
Read = Callable[[str], pd.DataFrame]

needs_demo = pytest.mark.skipif(
    "NPS_WAREHOUSE" not in os.environ, reason="make test builds the demo first and names its warehouse"
)
LINK = ["chain_code", "link_code"]
GRAINS = {
    "how_complete_are_the_files": ["partner_code", "dataset", "reason_code", "scope"],
    "how_does_nps_develop_per_link": [*LINK, "quarter_start_on"],
    "how_many_answer_by_mode": [*LINK, "channel_code"],
    "what_became_of_promoters_and_detractors": LINK,
    "what_changed_since_last_quarter": LINK,
    "what_do_exclusions_add": [*LINK, "partner_code", "quarter_start_on"],
    "what_does_each_link_cost": LINK,
    "what_goes_with_the_score_of_each_link": [*LINK, "driver_kind", "driver_code"],
    "what_is_the_nps_of_each_partner": [*LINK, "partner_code"],
    "what_revenue_is_at_risk": LINK,
    "which_detractors_were_followed_up": LINK,
    "which_link_is_the_weakest": LINK,
    "which_partners_stand_below_their_network": [*LINK, "partner_code"],
    "which_rule_of_the_journey_fits": ["chain_code", "journey_rule"],
}


@pytest.fixture(scope="module")
def published() -> Iterator[duckdb.DuckDBPyConnection]:
    """The demo's published tables."""
    with duckdb.connect(str(load_settings().published_database), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def table(published: duckdb.DuckDBPyConnection) -> Read:
    """A published table as pandas has it."""
    return lambda name: published.execute(f"from {name}").df()


@pytest.fixture(scope="module")
def answer(published: duckdb.DuckDBPyConnection, project: CompiledProject) -> Read:
    """What an analysis answers; the published file has the tables without a schema."""
    marts = f'"{DATABASE}"."marts".'
    return lambda name: published.execute(project.queries[name].replace(marts, "")).df()


@pytest.fixture(scope="module")
def responses(table: Read) -> pd.DataFrame:
    """The responses with the codes of their link, those of the last four whole quarters marked."""
    rows = table("fct_nps_response").merge(table("dim_chain_link"), on="chain_link_key", suffixes=("", "_of_link"))
    period = table("mart_weakest_link").iloc[0]
    return rows.assign(is_recent=rows["response_on"].between(period["period_from"], period["period_to"]))


def nps(rows: pd.DataFrame, keys: list[str]) -> pd.Series:
    """The Net Promoter Score from the scores alone."""
    points = np.select([rows["score"] >= 9, rows["score"] <= 6], [100, -100], 0)
    return rows.assign(points=points).groupby(keys)["points"].mean()


def same(got: pd.DataFrame, keys: list[str], column: str, expected: pd.Series) -> None:
    """A figure of an answer is that of the other path, wherever it is shown, and it is shown somewhere."""
    shown = got.dropna(subset=[column])
    assert len(shown)
    close(shown[column], expected.loc[pd.MultiIndex.from_frame(shown[keys])])


@pytest.mark.parametrize("path", sorted(ANALYSES.glob("*.sql")), ids=lambda path: path.stem)
def test_an_analysis_asks_a_question_of_public_tables(path: Path) -> None:
    assert path.stem in GRAINS
    comment = re.match(r"(?:-- .*\n)+", path.read_text(encoding="utf-8"))
    assert comment, "it begins with its question"
    lines = comment.group().replace("\n-- ", " ")
    assert re.match(r"-- [A-Z][^.]*\? One row per ", lines), "its question, and then its grain"
    reads = re.findall(r"ref\('(\w+)'\)", path.read_text(encoding="utf-8"))
    assert reads
    assert all(name.startswith(PUBLIC) for name in reads)


@needs_demo
@pytest.mark.parametrize("name", GRAINS)
def test_an_answer_has_a_row_per_stated_grain(answer: Read, name: str) -> None:
    rows = answer(name)[GRAINS[name]]
    assert len(rows)
    assert rows.notna().all(axis=None)
    assert not rows.duplicated().any()


@needs_demo
def test_the_weakest_link(answer: Read, table: Read, responses: pd.DataFrame) -> None:
    got = answer("which_link_is_the_weakest")
    assert len(got) == len(table("dim_chain_link"))
    same(got, LINK, "nps", nps(responses[responses["is_recent"]], LINK))
    stakes = table("mart_weakest_link").set_index(LINK)["value_at_stake_eur"].unstack("chain_code")
    greatest = got.drop_duplicates("chain_code").set_index("chain_code")["link_code"]
    assert greatest.to_dict() == stakes.idxmax().to_dict()


@needs_demo
def test_cost_of_each_link(answer: Read, table: Read) -> None:
    got = answer("what_does_each_link_cost")
    quarters = table("mart_business_case")
    recent = quarters[quarters["quarter_start_on"].between(got["period_from"].min(), got["period_to"].max())]
    same(got, LINK, "programme_cost_eur", recent.groupby(LINK)["programme_cost_eur"].sum())


@needs_demo
def test_what_exclusions_add(answer: Read, table: Read, responses: pd.DataFrame) -> None:
    got = answer("what_do_exclusions_add")
    keys = [*LINK, "partner_code", "quarter_start_on"]
    rows = responses.merge(table("dim_partner")[["partner_key", "partner_code"]], on="partner_key")
    counted = rows[rows["programme_score"].notna()]
    same(got, keys, "exclusion_points", nps(counted, keys) - nps(rows, keys))
    theirs = nps(counted.assign(score=counted["programme_score"]), keys)
    same(got, keys, "programme_points", theirs - nps(rows, keys))


@needs_demo
def test_nps_of_each_link(answer: Read, responses: pd.DataFrame) -> None:
    got = answer("how_does_nps_develop_per_link")
    keys = [*LINK, "quarter_start_on"]
    true = nps(responses, keys)
    same(got, keys, "nps", true)
    year_before = true.rename(lambda day: day + pd.DateOffset(years=1), level="quarter_start_on")
    same(got, keys, "difference", true - year_before.reindex(true.index))
    compared = got.dropna(subset=["difference"])
    assert (compared["difference_ci_low"] <= compared["difference"]).all()
    assert (compared["difference"] <= compared["difference_ci_high"]).all()
    # square and add (Zou and Donner 2008): wider than either interval, narrower than both together
    width = (compared["nps_ci_high"] - compared["nps_ci_low"]).to_numpy()
    wide = (compared["difference_ci_high"] - compared["difference_ci_low"]).to_numpy()
    before = got.assign(quarter_start_on=got["quarter_start_on"] + pd.DateOffset(years=1))
    before = compared[keys].merge(before, on=keys, validate="one_to_one")
    width_before = (before["nps_ci_high"] - before["nps_ci_low"]).to_numpy()
    assert (wide > np.maximum(width, width_before)).all()
    assert (wide < width + width_before).all()


@needs_demo
def test_nps_of_each_partner(answer: Read, table: Read, responses: pd.DataFrame) -> None:
    got = answer("what_is_the_nps_of_each_partner")
    codes = table("dim_partner")[["partner_key", "partner_code"]]
    (last_quarter,) = got["quarter_start_on"].unique()
    quarter = responses[responses["quarter_start_on"] == last_quarter]
    keys = [*LINK, "partner_code"]
    same(got, keys, "nps", nps(quarter.merge(codes, on="partner_key"), keys))
    assert got["suppression_reason"].notna().eq(got["is_suppressed"]).all()
    assert got["nps"].notna().eq(~got["is_suppressed"]).all()


@needs_demo
def test_partners_below_their_network(answer: Read, table: Read) -> None:
    got = answer("which_partners_stand_below_their_network")
    ranking = table("mart_partner_ranking")
    trailing = ranking[ranking["period_kind"] == "trailing"]
    assert len(got) == (trailing["standing"] == "below").sum() > 0
    close(got["nps"] + got["adjustment"], got["adjusted_nps"])
    close(got["adjusted_nps"] - got["rest_nps"], got["distance"])
    assert (got["distance"] < 0).all()
    assert got["q_value"].is_monotonic_increasing


@needs_demo
def test_what_became_of_promoters_and_detractors(answer: Read, table: Read) -> None:
    got = answer("what_became_of_promoters_and_detractors")
    followed = table("fct_retention").merge(table("dim_chain_link"), on="chain_link_key")
    counts = followed[followed["retention_measure"] == "chain"].groupby([*LINK, "nps_category"]).size()
    for category in ("promoter", "passive", "detractor"):
        same(got, LINK, f"{category}s", counts.xs(category, level="nps_category"))
    rates = table("mart_retention_by_nps_category").query("retention_measure == 'chain' and is_retention_window")
    rates = rates.set_index([*LINK, "nps_category"])["retention"].unstack()
    same(got, LINK, "gap", rates["promoter"] - rates["detractor"])


@needs_demo
def test_rules_of_the_journey(answer: Read, table: Read) -> None:
    got = answer("which_rule_of_the_journey_fits")
    mart = table("mart_journey_rule")
    areas = got.set_index(["chain_code", "journey_rule"])["auc"]
    other = areas.reindex(pd.MultiIndex.from_frame(mart[["chain_code", "compared_rule"]])).to_numpy()
    own = areas.reindex(pd.MultiIndex.from_frame(mart[["chain_code", "journey_rule"]])).to_numpy()
    assert mart["auc_difference"].notna().any()
    close(own - other, mart["auc_difference"])
    first = got.dropna(subset=["auc"]).drop_duplicates("chain_code").set_index("chain_code")["auc"]
    assert first.equals(areas.groupby("chain_code").max().dropna().reindex(first.index))


@needs_demo
def test_change_since_last_quarter(answer: Read, table: Read) -> None:
    got = answer("what_changed_since_last_quarter")
    by_quarter = table("mart_nps_by_link").set_index([*LINK, "quarter_start_on"])["nps"]
    now, before = (
        by_quarter.loc[pd.MultiIndex.from_frame(got[[*LINK, day]])].to_numpy()
        for day in ("quarter_start_on", "previous_quarter_start_on")
    )
    close(got["nps_change"], now - before)
    close(got["mix_effect"] + got["rate_effect"], got["nps_change"], tolerance=1e-8)


@needs_demo
def test_completeness_of_the_files(answer: Read, table: Read) -> None:
    got = answer("how_complete_are_the_files")
    quarantined = table("mart_quarantine")
    assert got.groupby("reason_code")["rows_quarantined"].sum().to_dict() == dict(
        quarantined["reason_code"].value_counts()
    )
    files = table("mart_pipeline_health")
    parts = files["file_path"].str.split("/")
    partner = parts.str[1].where(parts.str[0] != "chain", "chain").rename("partner_code")
    keys = ["partner_code", "dataset"]
    same(got, keys, "rows_in", files.assign(partner_code=partner).groupby(keys)["rows_in"].sum())
    assert got["share_quarantined"].between(0, 1).all()


@needs_demo
def test_answers_by_mode(answer: Read, table: Read, responses: pd.DataFrame) -> None:
    got = answer("how_many_answer_by_mode")
    keys = [*LINK, "channel_code"]
    period = table("mart_weakest_link").iloc[0]
    asked = table("fct_survey_invitation").merge(table("dim_chain_link"), on="chain_link_key")
    asked = asked.merge(table("dim_channel"), on="channel_key")
    asked = asked[asked["sent_on"].between(period["period_from"], period["period_to"])]
    delivered = asked[asked["disposition"].isin(["answered", "not_answered", "invalid_answer"])]
    same(
        got,
        keys,
        "response_rate",
        (delivered["disposition"] == "answered").groupby([delivered[k] for k in keys]).mean(),
    )
    scored = asked[["invitation_key", *keys]].merge(responses[["invitation_key", "score"]], on="invitation_key")
    same(got, keys, "nps", nps(scored, keys))


@needs_demo
def test_what_goes_with_the_score(answer: Read, table: Read, responses: pd.DataFrame) -> None:
    """What the link would have without the driver's answers, less what it has."""
    got = answer("what_goes_with_the_score_of_each_link")
    rows = responses[responses["is_recent"]].merge(table("dim_channel"), on="channel_key")
    rows = rows.merge(table("dim_touchpoint")[["touchpoint_key", "touchpoint_code"]], on="touchpoint_key")
    rows = rows.merge(table("dim_partner")[["partner_key", "partner_code"]], on="partner_key", suffixes=("", "_of"))
    columns = {"survey_mode": "channel_code", "touchpoint": "touchpoint_code", "partner": "partner_code"}
    for kind, column in columns.items():
        mine = got[got["driver_kind"] == kind].rename(columns={"driver_code": column})
        keys = [*LINK, column]
        same(mine, keys, "nps", nps(rows, keys))
        whole = nps(rows, LINK)
        without = {
            key: nps(rows[(rows[LINK] == key[:2]).all(axis=1) & (rows[column] != key[2])], LINK).loc[key[:2]]
            for key in mine[keys].itertuples(index=False, name=None)
        }
        gains = pd.Series({key: rest - whole.loc[key[:2]] for key, rest in without.items()})
        same(mine, keys, "nps_gain", gains)


@needs_demo
def test_revenue_at_risk(answer: Read, table: Read) -> None:
    got = answer("what_revenue_is_at_risk")
    assert len(got) == len(table("dim_chain_link"))
    retained = got.dropna(subset=["reference_retention", "detractor_retention"]).set_index(LINK)
    lost = (retained["reference_retention"] - retained["detractor_retention"]).clip(lower=0)
    same(retained.reset_index(), LINK, "share_of_margin", lost)
    assert got["missing_evidence"].isna().eq(got["revenue_at_risk_eur"].notna()).all()


@needs_demo
def test_followed_up_detractors(answer: Read, table: Read, responses: pd.DataFrame) -> None:
    got = answer("which_detractors_were_followed_up")
    detractors = responses[responses["is_recent"] & (responses["score"] <= 6)]
    followed = detractors["response_key"].isin(table("fct_follow_up")["response_key"])
    same(got, LINK, "share_followed_up", followed.groupby([detractors[key] for key in LINK]).mean())
    days = detractors.merge(table("fct_follow_up"), on="response_key").groupby(LINK)["days_to_close"].median()
    same(got, LINK, "median_days_to_close", days)
    assert (got[["resolved", "unresolved", "not_reached"]].sum(axis=1) <= got["closed"]).all()
