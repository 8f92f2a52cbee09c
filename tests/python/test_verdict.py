"""The verdict on a chain: from bootstrap replicates and lenses to a word, a probability and a sentence."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from study.sql_harness import CompiledProject, Sandbox, compile_project

CHAIN, NAME = 1001, "Automotive NL"
LINKS = {10011: "Manufacturer", 10013: "Dealer", 10015: "Contact centre"}
REPLICATES = 400
FIGURES = ["excess_loss", "attributable_lost_customers", "attributable_fraction", "value_at_stake_eur"]
GIVEN = [
    *("dim_chain_link", "int_link_evidence", "int_joint_evidence", "int_loss_replicate", "int_period"),
    *("fct_nps_response", "stg_chain__benchmarks", "mart_link_importance"),
]
MODELS = ["int_link_verdict", "int_link_lens", "int_link_sentence"]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> CompiledProject:
    """The compiled queries, from one start of dbt."""
    return compile_project(tmp_path_factory.mktemp("verdict"), [*GIVEN, *MODELS])


def lay_down(sandbox: Sandbox, values: dict[int, np.ndarray], **given: dict[int, object]) -> None:
    """Replicates of the value at stake per link, the estimate first; `given` replaces what else is known of a link."""
    links = pd.DataFrame({"chain_link_key": LINKS.keys(), "link_name": LINKS.values(), "chain_key": CHAIN})
    links = links.assign(chain_name=NAME, link_position=links["chain_link_key"] % 10)
    sandbox.give("dim_chain_link", links)
    missing, reasons = given.get("missing", {}), given.get("one_by_one", {})
    evidence = pd.DataFrame({"chain_link_key": list(LINKS), "missing_evidence": [missing.get(key) for key in LINKS]})
    evidence["is_sufficient"] = evidence["missing_evidence"].isna()
    sandbox.give("int_link_evidence", evidence, {"missing_evidence": "varchar"})
    models = pd.DataFrame({"chain_link_key": list(LINKS), "one_by_one_reason": [reasons.get(key) for key in LINKS]})
    models["loss_model"] = np.where(models["one_by_one_reason"].isna(), "joint", "one_by_one")
    sandbox.give("int_joint_evidence", models, {"one_by_one_reason": "varchar"})
    rows = pd.concat(
        [
            pd.DataFrame({"chain_link_key": key, "replicate": range(len(drawn)), "value_at_stake_eur": drawn})
            for key, drawn in values.items()
        ]
    ).assign(chain_key=CHAIN)
    customers = given.get("customers", {})
    for figure in FIGURES[:-1]:
        rows[figure] = rows["value_at_stake_eur"] / 100
        rows[f"{figure}_crude"] = rows[figure]
    rows["attributable_lost_customers"] = rows["chain_link_key"].map(customers).fillna(rows["value_at_stake_eur"] / 100)
    sandbox.give("int_loss_replicate", rows.assign(value_at_stake_crude_eur=rows["value_at_stake_eur"]))
    period = pd.DataFrame({"as_of_on": [date(2026, 6, 30)], "trailing_from": [date(2025, 7, 1)]})
    period["trailing_to"] = period["as_of_on"]
    sandbox.give("int_period", period, dict.fromkeys(period, "date"))
    lay_down_scores(sandbox, given.get("nps", {}), given.get("benchmark", {}), given.get("importance", {}))


def lay_down_scores(sandbox: Sandbox, nps: dict, benchmark: dict, importance: dict) -> None:
    """A hundred answers per link with an NPS of 0 or as told, benchmarks of 0 or as told, and importance."""
    answers = [
        (key, date(2026, 1, 1), int(place < 50 + nps.get(key, 0) / 2), int(place >= 50 + nps.get(key, 0) / 2))
        for key in LINKS
        for place in range(100)
    ]
    columns = ["chain_link_key", "response_on", "is_promoter", "is_detractor"]
    sandbox.give("fct_nps_response", pd.DataFrame(answers, columns=columns), {"response_on": "date"})
    norms = pd.DataFrame({"link_key": [key % 10 for key in LINKS], "nps": [benchmark.get(key, 0) for key in LINKS]})
    sandbox.give("stg_chain__benchmarks", norms.assign(chain_key=CHAIN, year=2026))
    shares = pd.DataFrame({"chain_link_key": list(LINKS), "lmg_share": [importance.get(key) for key in LINKS]})
    shares = shares.assign(ownership_age_band_code="all", missing_reason=None)
    bounds = {"lmg_share_ci_low": shares["lmg_share"], "lmg_share_ci_high": shares["lmg_share"]}
    kinds = {**dict.fromkeys(["lmg_share", *bounds], "double"), "missing_reason": "varchar"}
    sandbox.give("mart_link_importance", shares.assign(**bounds), kinds)


def judged(sandbox: Sandbox) -> pd.DataFrame:
    """Verdict, lenses and sentences by link."""
    tables = [sandbox.build(node).set_index("chain_link_key") for node in MODELS]
    return pd.concat(tables, axis=1).sort_index()


def winners(counts: dict[int, int], size: float = 1_200_000.0) -> dict[int, np.ndarray]:
    """Replicates in which each link is the largest as often as told; the estimate is that of the most frequent."""
    order = np.repeat(list(counts), list(counts.values()))
    assert len(order) == REPLICATES
    order = np.r_[max(counts, key=lambda key: counts[key]), order]
    return {key: np.where(order == key, size, 50_000.0) for key in LINKS}


def test_one_link_that_loses_most_nearly_always(sandbox: Sandbox) -> None:
    lay_down(sandbox, winners({10011: 1, 10013: 391, 10015: 8}))
    got = judged(sandbox)
    assert got["verdict"].tolist() == ["not_weakest", "weakest", "not_weakest"]
    assert got["is_certain"].tolist() == [False, True, False]
    assert got["p_weakest"].tolist() == [0.0025, 0.9775, 0.02]
    sentence = "Dealer loses EUR 1.2 m a year (1.2 m to 1.2 m) in Automotive NL; 0.98 sure that no link loses more."
    assert got.loc[10013, "sentence"] == sentence
    assert set(got["chain_sentence"]) == {sentence}
    assert got.loc[10015, "sentence"].startswith(
        "Contact centre loses EUR 50 k a year (50 k to 50 k) in Automotive NL; 0.02 sure"
    )
    assert not got["is_disputed"].any()


def test_a_verdict_that_is_not_certain_says_so(sandbox: Sandbox) -> None:
    lay_down(sandbox, winners({10011: 11, 10013: 389, 10015: 0}))
    got = judged(sandbox)
    assert got["verdict"].tolist() == ["not_weakest", "weakest", "not_weakest"]
    assert not got["is_certain"].any()
    assert got.loc[10013, "sentence"] == (
        "Dealer probably loses most in Automotive NL: EUR 1.2 m a year (50 k to 1.2 m); "
        "0.97 sure that no link loses more."
    )


def test_links_that_cannot_be_separated_are_candidates_together(sandbox: Sandbox) -> None:
    lay_down(sandbox, winners({10011: 40, 10013: 200, 10015: 160}))
    got = judged(sandbox)
    assert got["verdict"].tolist() == ["not_weakest", "candidate", "candidate"]
    assert got["chain_sentence"].iloc[0] == (
        "The data cannot separate these links in Automotive NL: "
        "Dealer (EUR 1.2 m a year, 50 k to 1.2 m; 0.50 sure that no link loses more), "
        "Contact centre (EUR 50 k a year, 50 k to 1.2 m; 0.40 sure that no link loses more)."
    )


def test_lenses_that_disagree_are_named(sandbox: Sandbox) -> None:
    """A link ahead of its benchmark is not named however low its score; nor does a lens without figures disagree."""
    values = winners({10011: 0, 10013: 400, 10015: 0})
    lay_down(sandbox, values, nps={10015: -40, 10013: -20}, benchmark={10015: -50, 10013: 0}, importance={10015: 0.7})
    got = judged(sandbox)
    assert got["is_disputed"].all()
    assert got.loc[10013, ["weakest_by_nps", "weakest_by_importance"]].tolist() == ["Dealer", "Contact centre"]
    disagreement = " Not all lenses agree: the weakest link is Contact centre by importance."
    assert got.loc[10013, "sentence"].endswith("over 0.99 sure that no link loses more." + disagreement)
    assert got.loc[10015, "sentence"].endswith("under 0.01 sure that no link loses more.")
    close_to = got.loc[10015, ["nps", "benchmark_nps", "gap_to_benchmark"]].astype(float).tolist()
    assert close_to == pytest.approx([-40, -50, 10])
    bounds = got.loc[10015, ["gap_to_benchmark_ci_low", "gap_to_benchmark_ci_high"]]
    expected = got.loc[10015, ["nps_ci_low", "nps_ci_high"]] + 50
    assert bounds.tolist() == pytest.approx(expected.tolist())


def test_the_number_of_customers_may_name_another_link_than_their_margin(sandbox: Sandbox) -> None:
    lay_down(sandbox, winners({10011: 0, 10013: 400, 10015: 0}), customers={10011: 900.0, 10013: 100.0, 10015: 1.0})
    got = judged(sandbox)
    assert got["is_disputed"].all()
    assert got.loc[10013, "sentence"].endswith("the weakest link is Manufacturer by the number of lost customers.")


def test_links_taken_one_by_one_are_said_not_to_be_separated(sandbox: Sandbox) -> None:
    reason = "fewer than 30 customers scored any other link too"
    lay_down(sandbox, winners({10011: 0, 10013: 390, 10015: 10}), one_by_one={10013: reason})
    got = judged(sandbox)
    assert f"Its loss could not be separated from those of the other links: {reason}." in got.loc[10013, "sentence"]
    assert "separated" not in got.loc[10015, "sentence"]


def test_no_link_is_named_where_none_loses_anything(sandbox: Sandbox) -> None:
    drawn = {key: np.full(REPLICATES + 1, -1000.0) for key in LINKS}
    drawn[10013] = np.where(np.arange(REPLICATES + 1) % 4 == 0, 500.0, -900.0)
    lay_down(sandbox, drawn)
    got = judged(sandbox)
    assert set(got["verdict"]) == {"cannot_tell"}
    reason = "in 75 % of the replicates no link loses anything"
    assert set(got["cannot_tell_reason"]) == {reason}
    assert got["chain_sentence"].iloc[0] == f"No weakest link can be named in Automotive NL: {reason}."


def test_no_link_is_named_where_no_loss_can_be_told_from_chance(sandbox: Sandbox) -> None:
    random = np.random.default_rng(5)
    drawn = {
        key: random.normal(size, 1_000, REPLICATES + 1) for key, size in zip(LINKS, (100, 1_500, 200), strict=True)
    }
    lay_down(sandbox, drawn)
    got = judged(sandbox)
    assert got["p_weakest"].max() > 0.7
    assert set(got["cannot_tell_reason"]) == {"the loss of no link can be told from chance: every interval holds 0"}
    drawn[10013] = random.normal(2_500, 1_000, REPLICATES + 1)
    lay_down(sandbox, drawn)
    assert judged(sandbox).loc[10013, "verdict"] in ("weakest", "candidate")


def test_a_link_without_evidence_is_left_out_of_the_comparison(sandbox: Sandbox) -> None:
    values = winners({10011: 0, 10013: 400, 10015: 0})
    del values[10015]
    lay_down(sandbox, values, missing={10015: "only 3 scores"})
    got = judged(sandbox)
    assert got["verdict"].tolist() == ["not_weakest", "weakest", "cannot_tell"]
    assert got.loc[10015, "sentence"] == "Contact centre in Automotive NL: cannot tell, only 3 scores."
    del values[10011]
    lay_down(sandbox, values, missing={10011: "no scores", 10015: "only 3 scores"})
    assert judged(sandbox).loc[10013, "cannot_tell_reason"] == "no other link of the chain can be compared with it"


@pytest.mark.parametrize(("failed", "verdict"), [(20, "weakest"), (21, "cannot_tell")])
def test_replicates_without_a_figure_do_not_count(sandbox: Sandbox, failed: int, verdict: str) -> None:
    """Up to a share of 5 %; beyond it nothing can be told."""
    values = winners({10011: 40, 10013: 360, 10015: 0})
    values[10011][1 : failed + 1] = np.nan
    lay_down(sandbox, values)
    got = judged(sandbox)
    assert got.loc[10013, "verdict"] == verdict
    assert got.loc[10013, "p_weakest"] == pytest.approx(360 / (400 - failed))
