"""The verdict on a chain: from bootstrap replicates and lenses to a word, a probability and a sentence."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from study.sql_harness import Sandbox

CHAIN, NAME = 1001, "Automotive NL"
LINKS = {100101: "Manufacturer", 100103: "Dealer", 100105: "Contact centre"}
REPLICATES = 400
FIGURES = ["excess_loss", "attributable_lost_customers", "attributable_fraction", "value_at_stake_eur"]
MODELS = ["int_link_verdict", "int_link_lens", "int_link_sentence"]


def lay_down(sandbox: Sandbox, values: dict[int, np.ndarray], **given: dict[int, object]) -> None:
    """Replicates of the value at stake per link, the estimate first; `given` replaces what else is known of a link."""
    links = pd.DataFrame({"chain_link_key": LINKS.keys(), "link_name": LINKS.values(), "chain_key": CHAIN})
    links = links.assign(chain_name=NAME, link_position=links["chain_link_key"] % 100)
    sandbox.give("dim_chain_link", links)
    missing, reasons = given.get("missing", {}), given.get("one_by_one", {})
    evidence = pd.DataFrame({"chain_link_key": list(LINKS), "missing_evidence": [missing.get(key) for key in LINKS]})
    evidence["is_sufficient"] = evidence["missing_evidence"].isna()
    sandbox.give("int_link_evidence", evidence, {"missing_evidence": "varchar"})
    models = pd.DataFrame({"chain_link_key": list(LINKS), "one_by_one_reason": [reasons.get(key) for key in LINKS]})
    models["loss_model"] = np.where(models["one_by_one_reason"].isna(), "joint", "one_by_one")
    models["left_out"] = [given.get("left_out", {}).get(key) for key in LINKS]
    sandbox.give("int_joint_evidence", models, {"one_by_one_reason": "varchar", "left_out": "varchar"})
    alone = pd.DataFrame({"chain_link_key": list(LINKS), "replicate": 0})
    alone["exposed"] = [given.get("exposed", {}).get(key, 1000) for key in LINKS]
    sandbox.give("int_link_replicate", alone)
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
    euros = dict.fromkeys(("value_at_stake_crude_eur", "mended_alone_eur"), rows["value_at_stake_eur"])
    rows["mended_alone_customers"] = rows["attributable_lost_customers"]
    sandbox.give("int_loss_replicate", rows.assign(**euros))
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
    norms = pd.DataFrame({"link_key": [key % 100 for key in LINKS], "nps": [benchmark.get(key, 0) for key in LINKS]})
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
    lay_down(sandbox, winners({100101: 1, 100103: 391, 100105: 8}))
    got = judged(sandbox)
    assert got["verdict"].tolist() == ["not_weakest", "weakest", "not_weakest"]
    assert got["is_certain"].tolist() == [False, True, False]
    assert got["p_weakest"].tolist() == [0.0025, 0.9775, 0.02]
    sentence = "Dealer loses EUR 1.2 m a year (1.2 m to 1.2 m) in Automotive NL; 0.97 sure that no link loses more."
    assert got.loc[100103, "sentence"] == sentence
    assert set(got["chain_sentence"]) == {sentence}
    assert got.loc[100105, "sentence"] == (
        "Contact centre loses EUR 50 k a year (50 k to 50 k) in Automotive NL; 0.02 sure that no link loses more."
    )
    assert not got["is_disputed"].any()


def test_a_verdict_that_is_not_certain_says_so(sandbox: Sandbox) -> None:
    lay_down(sandbox, winners({100101: 11, 100103: 389, 100105: 0}))
    got = judged(sandbox)
    assert got["verdict"].tolist() == ["not_weakest", "weakest", "not_weakest"]
    assert not got["is_certain"].any()
    assert got.loc[100103, "sentence"] == (
        "Dealer probably loses most in Automotive NL: EUR 1.2 m a year (50 k to 1.2 m); "
        "0.97 sure that no link loses more."
    )


def test_links_that_cannot_be_separated_are_candidates_together(sandbox: Sandbox) -> None:
    lay_down(sandbox, winners({100101: 40, 100103: 200, 100105: 160}))
    got = judged(sandbox)
    assert got["verdict"].tolist() == ["not_weakest", "candidate", "candidate"]
    assert got["chain_sentence"].iloc[0] == (
        "The data cannot separate these links in Automotive NL: "
        "Dealer (EUR 1.2 m a year, 50 k to 1.2 m; 0.50 sure that no link loses more), "
        "Contact centre (EUR 50 k a year, 50 k to 1.2 m; 0.40 sure that no link loses more)."
    )


def test_lenses_that_disagree_are_named(sandbox: Sandbox) -> None:
    """A link ahead of its benchmark is not named however low its score; nor does a lens without figures disagree."""
    values = winners({100101: 0, 100103: 400, 100105: 0})
    benchmark = {100105: -50, 100103: 0}
    lay_down(sandbox, values, nps={100105: -40, 100103: -20}, benchmark=benchmark, importance={100105: 0.7})
    got = judged(sandbox)
    assert got["is_disputed"].all()
    assert got.loc[100103, ["weakest_by_nps", "weakest_by_importance"]].tolist() == ["Dealer", "Contact centre"]
    disagreement = " Not all lenses agree: the weakest link is Contact centre by importance."
    assert got.loc[100103, "sentence"].endswith("over 0.99 sure that no link loses more." + disagreement)
    assert got.loc[100105, "sentence"].endswith("Automotive NL; another link loses more.")
    close_to = got.loc[100105, ["nps", "benchmark_nps", "gap_to_benchmark"]].astype(float).tolist()
    assert close_to == pytest.approx([-40, -50, 10])
    bounds = got.loc[100105, ["gap_to_benchmark_ci_low", "gap_to_benchmark_ci_high"]]
    expected = got.loc[100105, ["nps_ci_low", "nps_ci_high"]] + 50
    assert bounds.tolist() == pytest.approx(expected.tolist())


def test_lenses_look_at_the_trailing_quarters_and_their_year(sandbox: Sandbox) -> None:
    """Answers of the days before and after don't count, nor do benchmarks of other years, nor importance by age."""
    lay_down(sandbox, winners({100101: 0, 100103: 400, 100105: 0}))
    first, last = date(2025, 7, 1), date(2026, 6, 30)
    days = [first - timedelta(days=1), first, last, last + timedelta(days=1)]
    rows = [(100103, on, int(on in (first, last)), int(on not in (first, last))) for on in days for _ in range(10)]
    rows += [(100105, last, 1, 0)] * 9
    columns = ["chain_link_key", "response_on", "is_promoter", "is_detractor"]
    sandbox.give("fct_nps_response", pd.DataFrame(rows, columns=columns), {"response_on": "date"})
    norms = pd.DataFrame({"year": [2025, 2026, 2027], "nps": [10, 20, 30]}).assign(chain_key=CHAIN, link_key=3)
    sandbox.give("stg_chain__benchmarks", norms)
    shares = pd.DataFrame({"ownership_age_band_code": ["all", "new"], "lmg_share": [0.5, 0.9]})
    shares = shares.assign(chain_link_key=100103, lmg_share_ci_low=0.4, lmg_share_ci_high=0.7, missing_reason=None)
    sandbox.give("mart_link_importance", shares, {"missing_reason": "varchar"})
    got = judged(sandbox)
    assert len(got) == len(LINKS)
    figures = ["responses", "nps", "benchmark_nps", "gap_to_benchmark"]
    assert got.loc[100103, figures].astype(float).tolist() == [20, 100, 20, 80]
    importance = ["importance_share", "importance_share_ci_low", "importance_share_ci_high"]
    assert got.loc[100103, importance].astype(float).tolist() == [0.5, 0.4, 0.7]
    # nine answers are too few to show
    assert got.loc[[100101, 100105], figures[:2]].isna().all(axis=None)


def test_the_number_of_customers_may_name_another_link_than_their_margin(sandbox: Sandbox) -> None:
    customers = {100101: 900.0, 100103: 100.0, 100105: 1.0}
    lay_down(sandbox, winners({100101: 0, 100103: 400, 100105: 0}), customers=customers)
    got = judged(sandbox)
    assert got["is_disputed"].all()
    assert got.loc[100103, "sentence"].endswith("the weakest link is Manufacturer by the number of lost customers.")


def test_candidates_disagree_with_lenses_that_name_none_of_them(sandbox: Sandbox) -> None:
    """A lens that names a candidate disagrees with the others alone; what is said of all names no candidate."""
    values = winners({100101: 0, 100103: 240, 100105: 160})
    lay_down(sandbox, values, importance={100105: 0.7}, nps={100101: -40})
    got = judged(sandbox)
    manufacturer = "Manufacturer by NPS against its benchmark"
    assert got.loc[100103, "sentence"].endswith(f"the weakest link is {manufacturer}, Contact centre by importance.")
    assert "by importance" not in got.loc[100105, "sentence"]
    assert "Dealer by the estimate of its value at stake." in got.loc[100105, "sentence"]
    assert got.loc[100105, "chain_sentence"].endswith(f" Not all lenses agree: the weakest link is {manufacturer}.")


def test_losses_that_could_not_be_separated_are_said_to_be_so(sandbox: Sandbox) -> None:
    reason = "fewer than 30 of its answers came with an earlier one on another link"
    lay_down(sandbox, winners({100101: 0, 100103: 390, 100105: 10}), one_by_one={100103: reason})
    got = judged(sandbox)
    said = f"not separated from those of the other links: {reason}"
    assert f" Its loss is {said}." in got.loc[100103, "sentence"]
    assert "separated" not in got.loc[100105, "sentence"]
    lay_down(
        sandbox,
        winners({100101: 0, 100103: 220, 100105: 180}),
        one_by_one={100103: reason},
        left_out={100105: "Manufacturer"},
    )
    chain = judged(sandbox)["chain_sentence"].iloc[0]
    assert f"0.55 sure that no link loses more; {said}), Contact centre (" in chain
    assert chain.endswith(
        "not separated from that of Manufacturer: too few of its answers came with an earlier one there)."
    )


def test_a_link_that_loses_nothing_is_said_to_lose_nothing(sandbox: Sandbox) -> None:
    """Nor is it said how sure it is that none loses more."""
    values = winners({100101: 0, 100103: 400, 100105: 0})
    values[100101] = np.linspace(-40_000, 12_000, REPLICATES + 1)
    values[100105] = np.full(REPLICATES + 1, -5_000.0)
    lay_down(sandbox, values, customers={100101: -9.0, 100105: 20.0})
    got = judged(sandbox)
    assert got.loc[100101, "sentence"] == (
        "Manufacturer loses nothing that goes with its scores (EUR -39 k to 11 k a year) in Automotive NL; "
        "another link loses more."
    )
    assert got.loc[100105, "sentence"].startswith("Contact centre loses customers, but no margin with them (EUR -5 k")


def test_no_link_is_named_where_none_loses_anything(sandbox: Sandbox) -> None:
    drawn = {key: np.full(REPLICATES + 1, -1000.0) for key in LINKS}
    drawn[100103] = np.where(np.arange(REPLICATES + 1) % 4 == 0, 500.0, -900.0)
    lay_down(sandbox, drawn)
    got = judged(sandbox)
    assert set(got["verdict"]) == {"cannot_tell"}
    reason = "in 75 % of the replicates no link loses anything"
    assert set(got["cannot_tell_reason"]) == {reason}
    assert got["chain_sentence"].iloc[0] == f"No weakest link can be named in Automotive NL: {reason}."


@pytest.mark.parametrize("margin", [0.0, -3.0])
def test_customers_that_leave_no_margin_are_no_reason_to_say_that_nobody_leaves(
    sandbox: Sandbox, margin: float
) -> None:
    """Where cost equals revenue, or is above it, each link loses customers and no euro."""
    values = {key: np.full(REPLICATES + 1, margin) for key in LINKS}
    lay_down(sandbox, values, customers={100101: 12.0, 100103: 40.0, 100105: -2.0})
    got = judged(sandbox)
    assert set(got["verdict"]) == {"cannot_tell"}
    reason = "in 100 % of the replicates links lose customers, but no margin with them"
    assert set(got["cannot_tell_reason"]) == {reason}
    assert got["chain_sentence"].iloc[0].startswith(f"No weakest link can be named in Automotive NL: {reason}.")
    # in most of the others nobody is lost either
    lay_down(sandbox, values, customers=dict.fromkeys(LINKS, -2.0))
    assert set(judged(sandbox)["cannot_tell_reason"]) == {"in 100 % of the replicates no link loses anything"}


def test_no_link_is_named_where_no_loss_can_be_told_from_chance(sandbox: Sandbox) -> None:
    random = np.random.default_rng(5)
    drawn = {
        key: random.normal(size, 1_000, REPLICATES + 1) for key, size in zip(LINKS, (100, 1_500, 200), strict=True)
    }
    lay_down(sandbox, drawn)
    got = judged(sandbox)
    assert got["p_weakest"].max() > 0.7
    reason = "no loss can be told from chance: no interval of a link that may lose most lies above 0"
    assert set(got["cannot_tell_reason"]) == {reason}
    # a small loss that is sure does not make a large one surer
    drawn[100105] = random.normal(10, 1, REPLICATES + 1)
    lay_down(sandbox, drawn)
    assert set(judged(sandbox)["cannot_tell_reason"]) == {reason}
    drawn[100103] = random.normal(2_500, 1_000, REPLICATES + 1)
    lay_down(sandbox, drawn)
    assert judged(sandbox).loc[100103, "verdict"] in ("weakest", "candidate")


def test_a_link_without_evidence_is_left_out_of_the_comparison(sandbox: Sandbox) -> None:
    """Whoever names the weakest of the others says that it was left out, and is not certain."""
    values = winners({100101: 0, 100103: 400, 100105: 0})
    del values[100105]
    lay_down(sandbox, values, missing={100105: "too few scores"})
    got = judged(sandbox)
    assert got["verdict"].tolist() == ["not_weakest", "weakest", "cannot_tell"]
    assert not got["is_certain"].any()
    assert got.loc[100105, "sentence"] == "Contact centre in Automotive NL: cannot tell, too few scores."
    assert got.loc[100103, "sentence"] == got.loc[100105, "chain_sentence"]
    assert got.loc[100103, "sentence"] == (
        "Dealer probably loses most in Automotive NL: EUR 1.2 m a year (1.2 m to 1.2 m); over 0.99 sure that no link "
        "that could be compared loses more. Not compared: Contact centre (too few scores)."
    )
    # nobody meets it, so nobody is lost there
    lay_down(sandbox, values, missing={100105: "no customer met the link"}, exposed={100105: 0})
    assert judged(sandbox)["is_certain"].tolist() == [False, True, False]
    del values[100101]
    lay_down(sandbox, values, missing={100101: "no scores", 100105: "too few scores"})
    got = judged(sandbox)
    assert got.loc[100103, "cannot_tell_reason"] == "no other link of the chain can be compared with it"
    assert got["chain_sentence"].iloc[0] == (
        "No weakest link can be named in Automotive NL: only Dealer has enough data. "
        "Not compared: Manufacturer (no scores), Contact centre (too few scores)."
    )


def test_a_chain_without_evidence_says_why(sandbox: Sandbox) -> None:
    """And which link a single lens names, as far as it has figures."""
    missing = dict.fromkeys(LINKS, "too few scores")
    lay_down(sandbox, {100101: np.zeros(0)}, missing=missing, nps={100103: -30})
    assert judged(sandbox)["chain_sentence"].iloc[0] == (
        "No weakest link can be named in Automotive NL: no link has enough data. Not compared: "
        "Manufacturer (too few scores), Dealer (too few scores), Contact centre (too few scores). "
        "By single lenses the weakest link is Dealer by NPS against its benchmark."
    )


def test_thresholds_are_held_against_whole_numbers(sandbox: Sandbox) -> None:
    """280 and 40 of 400 are 0.8, though 0.7 + 0.1 is less; and what falls short of it reads as less."""
    won = np.repeat([100103, 100101, 0], [281, 40, 80])
    lay_down(sandbox, {key: np.where(won == key, 1000.0, -1.0) for key in LINKS})
    got = judged(sandbox)
    assert got["p_weakest"].tolist() == [0.1, 0.7, 0.0]
    reason = "no loss can be told from chance: no interval of a link that may lose most lies above 0"
    assert set(got["cannot_tell_reason"]) == {reason}
    lay_down(sandbox, winners({100101: 0, 100103: 319, 100105: 81}))
    got = judged(sandbox)
    assert got.loc[100103, "verdict"] == "candidate"
    assert "0.79 sure" in got.loc[100103, "sentence"]


def test_the_same_verdict_whatever_the_order(sandbox: Sandbox) -> None:
    random = np.random.default_rng(8)
    lay_down(sandbox, {key: random.normal(place, 2, REPLICATES + 1) for place, key in enumerate(LINKS)})
    sandbox.assert_order_does_not_matter(MODELS)


# ------------------------------------------------------------------------------------------------------- evidence

WINDOW = 100
ENOUGH = {"promoter": 20, "passive": 12, "detractor": 20}


def answers(counts: dict[str, int], trailing: int = 60, days: dict[str, int] | None = None) -> pd.DataFrame:
    """Answers of one link, followed for the whole window, or until all had come back after so many `days`."""
    rows = pd.DataFrame({"nps_category": np.repeat(list(counts), list(counts.values()))})
    rows["duration_days"] = rows["nps_category"].map(days or {}).fillna(WINDOW).astype(int)
    rows["is_settled"] = True
    return rows.assign(chain_link_key=100103, chain_key=CHAIN, is_trailing=rows.index < trailing)


def evidence(sandbox: Sandbox, rows: pd.DataFrame, exposed: int = 500, margins: int = 50) -> str | None:
    """The reason why the link's data do not suffice."""
    sandbox.give("dim_chain_link", pd.DataFrame({"chain_link_key": [100103], "chain_key": [CHAIN]}))
    sandbox.give("dim_chain", pd.DataFrame({"chain_key": [CHAIN], "retention_window_days": [WINDOW]}))
    sandbox.give("int_response_outcome", rows)
    alone = {"chain_link_key": [100103], "replicate": [0], "exposed": [exposed], "retained_with_margin": [margins]}
    sandbox.give("int_link_replicate", pd.DataFrame(alone))
    found = sandbox.build("int_link_evidence").iloc[0]
    reason = found["missing_evidence"]
    assert found["is_sufficient"] == pd.isna(reason)
    return None if pd.isna(reason) else reason


NOT_FOLLOWED = "promoters, passives or detractors have not been followed for the whole retention window yet"
TOO_FEW = "fewer than 10 promoters, passives or detractors can be followed"


@pytest.mark.parametrize(
    ("counts", "more", "reason"),
    [
        (ENOUGH, {}, None),
        (ENOUGH | {"passive": 0}, {}, None),
        ({"promoter": 10, "detractor": 19}, {}, "fewer than 30 scores of customers whose purchases can be followed"),
        ({"promoter": 9, "passive": 20, "detractor": 20}, {}, TOO_FEW),
        ({"promoter": 20, "passive": 20, "detractor": 9}, {}, TOO_FEW),
        ({"promoter": 20, "passive": 1, "detractor": 20}, {}, TOO_FEW),
        (ENOUGH, {"exposed": 9}, "fewer than 10 customers met the link in the trailing quarters"),
        (
            ENOUGH,
            {"margins": 9},
            "of fewer than 10 who met the link one retention window earlier the margin is known",
        ),
    ],
)
def test_a_link_needs_enough_of_everything(
    sandbox: Sandbox, counts: dict[str, int], more: dict[str, int], reason: str | None
) -> None:
    assert evidence(sandbox, answers(counts), **more) == reason


def test_a_link_needs_recent_scores(sandbox: Sandbox) -> None:
    reason = "fewer than 10 who can be followed scored the link in the trailing quarters"
    assert evidence(sandbox, answers(ENOUGH, trailing=9)) == reason
    assert evidence(sandbox, answers(ENOUGH, trailing=10)) is None


@pytest.mark.parametrize("category", ENOUGH)
def test_every_category_is_followed_to_the_end(sandbox: Sandbox, category: str) -> None:
    """Unless all of it came back before, whatever is still open of the others."""
    rows = answers(ENOUGH, days={category: 30})
    assert evidence(sandbox, rows) is None
    others = rows["nps_category"] != category
    still_open = others & ~rows.duplicated("nps_category", keep="last")
    assert evidence(sandbox, rows.assign(is_settled=~still_open)) is None
    assert evidence(sandbox, rows.assign(is_settled=others)) == NOT_FOLLOWED
    # one who is open, though followed for less long than the last who came back
    first = ~others & ~rows.duplicated("nps_category")
    lost = rows.assign(is_settled=~first)
    lost.loc[first, "duration_days"] = 29
    assert evidence(sandbox, lost) == NOT_FOLLOWED


@pytest.mark.parametrize(("failed", "verdict"), [(20, "weakest"), (21, "cannot_tell")])
def test_replicates_without_a_figure_do_not_count(sandbox: Sandbox, failed: int, verdict: str) -> None:
    """Up to a share of 5 %; beyond it nothing can be told."""
    values = winners({100101: 40, 100103: 360, 100105: 0})
    values[100101][1 : failed + 1] = np.nan
    lay_down(sandbox, values)
    got = judged(sandbox)
    assert got.loc[100103, "verdict"] == verdict
    assert got.loc[100103, "p_weakest"] == pytest.approx(360 / (400 - failed))
