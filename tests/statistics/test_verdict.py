"""The verdict on a chain: from bootstrap replicates and lenses to a word, a probability and a sentence."""

import re
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
import yaml

from study.sql_harness import PROJECT, Sandbox

CHAIN, NAME = 1001, "Automotive NL"
LINKS = {100101: "Manufacturer", 100103: "Dealer", 100105: "Contact centre"}
REPLICATES = 400
FIGURES = ["excess_loss", "attributable_lost_customers", "attributable_fraction", "value_at_stake_eur"]
MODELS = ["int_link_verdict", "int_link_lens", "int_verdict_reason", "int_link_sentence", "int_chain_sentence"]
PHRASES = pd.read_csv(PROJECT / "seeds" / "phrases.csv", dtype=str, keep_default_na=False)
MOST = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]["sentence_max_characters"]


def lay_down(sandbox: Sandbox, values: dict[int, np.ndarray], **given: dict[int, object]) -> None:
    """Replicates of the value at stake per link, the estimate first; `given` replaces what else is known of a link."""
    links = pd.DataFrame({"chain_link_key": LINKS.keys(), "link_name": LINKS.values(), "chain_key": CHAIN})
    links = links.assign(chain_name=given.get("chain_name", NAME), link_position=links["chain_link_key"] % 100)
    links["link_name"] = [given.get("names", {}).get(key, name) for key, name in LINKS.items()]
    links["link_code"] = links["link_name"].str.lower().str.replace(" ", "_")
    sandbox.give("dim_chain_link", links)
    sandbox.give("phrases", PHRASES)
    missing, limits = given.get("missing", {}), given.get("upper_bound", {})
    codes = {"chain_link_key": list(LINKS), "missing_evidence_code": [missing.get(key) for key in LINKS]}
    evidence = pd.DataFrame(codes)
    evidence["is_sufficient"] = evidence["missing_evidence_code"].isna()
    sandbox.give("int_link_evidence", evidence, {"missing_evidence_code": "varchar"})
    models = pd.DataFrame({"chain_link_key": list(LINKS), "upper_bound_code": [limits.get(key) for key in LINKS]})
    models["one_by_one_reason_code"] = models["upper_bound_code"].where(models["upper_bound_code"] != "links_left_out")
    kinds = dict.fromkeys(["upper_bound_code", "one_by_one_reason_code"], "varchar")
    sandbox.give("int_joint_evidence", models, kinds)
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
    verdicts, lenses, reasons, sentences, chains = (sandbox.build(node) for node in MODELS)
    found = [table.set_index("chain_link_key") for table in (verdicts, lenses)]
    for language, ending in (("en", ""), ("nl", "_nl")):
        of_links = [table[table["language"] == language].set_index("chain_link_key") for table in (reasons, sentences)]
        found += [of_links[0][["verdict_reason"]].add_suffix(ending), of_links[1][["sentence"]].add_suffix(ending)]
        (chain,) = chains.loc[chains["language"] == language, "chain_sentence"]
        found.append(pd.DataFrame({f"chain_sentence{ending}": chain}, index=of_links[0].index))
    return pd.concat(found, axis=1).sort_index()


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
    assert got["verdict_reason_code"].tolist() == ["not_weakest", "weakest_certain", "not_weakest"]
    assert got.loc[100103, "verdict_reason"] == "97 % sure that no other link has more at stake"
    sentence = (
        "Dealer is the weakest link of Automotive NL: EUR 1.2 m of lost margin a year goes with its low scores "
        "(likely 1.2 m to 1.2 m); 97 % sure that no other link has more at stake."
    )
    assert got.loc[100103, "sentence"] == sentence
    assert set(got["chain_sentence"]) == {sentence}
    assert set(got["chain_sentence_nl"]) == {
        "Dealer is de zwakste schakel van Automotive NL: EUR 1,2 mln gemiste marge per jaar gaat samen met lage scores "
        "(waarschijnlijk 1,2 mln tot 1,2 mln); 97 % zeker dat bij geen andere schakel meer op het spel staat."
    }
    assert got.loc[100105, "sentence"] == (
        "Contact centre in Automotive NL: EUR 50 k of lost margin a year goes with its low scores "
        "(likely 50 k to 50 k); a chance of 2 % that no other link has more at stake."
    )
    assert got.loc[100101, "sentence"].endswith("(likely 50 k to 50 k); another link has more at stake.")
    assert not got["is_disputed"].any()


def test_a_verdict_that_is_not_certain_says_so(sandbox: Sandbox) -> None:
    lay_down(sandbox, winners({100101: 11, 100103: 389, 100105: 0}))
    got = judged(sandbox)
    assert got["verdict"].tolist() == ["not_weakest", "weakest", "not_weakest"]
    assert not got["is_certain"].any()
    assert got.loc[100103, "verdict_reason_code"] == "weakest_probable"
    assert got.loc[100103, "sentence"] == (
        "Dealer is probably the weakest link of Automotive NL: EUR 1.2 m of lost margin a year goes with its low "
        "scores (likely 50 k to 1.2 m); 97 % sure that no other link has more at stake."
    )


def test_links_that_cannot_be_separated_are_candidates_together(sandbox: Sandbox) -> None:
    lay_down(sandbox, winners({100101: 40, 100103: 200, 100105: 160}))
    got = judged(sandbox)
    assert got["verdict"].tolist() == ["not_weakest", "candidate", "candidate"]
    assert got.loc[100105, "verdict_reason"] == (
        "40 % sure that no other link has more at stake; no link reaches 80 % alone"
    )
    assert got["chain_sentence"].iloc[0] == (
        "In Automotive NL too close to call, by the lost margin that goes with low scores: "
        "Dealer (EUR 1.2 m a year, likely 50 k to 1.2 m; 50 % chance of being the weakest), "
        "Contact centre (EUR 50 k a year, likely 50 k to 1.2 m; 40 % chance of being the weakest)."
    )


def test_lenses_that_disagree_are_named(sandbox: Sandbox) -> None:
    """A link ahead of its benchmark is not named however low its score; nor does a lens without figures disagree."""
    values = winners({100101: 0, 100103: 400, 100105: 0})
    benchmark = {100105: -50, 100103: 0}
    lay_down(sandbox, values, nps={100105: -40, 100103: -20}, benchmark=benchmark, importance={100105: 0.7})
    got = judged(sandbox)
    assert got["is_disputed"].all()
    assert got.loc[100103, ["weakest_by_nps", "weakest_by_importance"]].tolist() == ["Dealer", "Contact centre"]
    beside = " Not used here: highest importance: Contact centre."
    assert got.loc[100103, "sentence"].endswith("over 99 % sure that no other link has more at stake." + beside)
    assert got.loc[100105, "sentence"].endswith("; another link has more at stake.")
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
    assert got.loc[100103, "sentence"].endswith("Not used here: most lost customers: Manufacturer.")


def test_a_link_that_several_measures_name_is_named_once(sandbox: Sandbox) -> None:
    values = winners({100101: 0, 100103: 400, 100105: 0})
    lay_down(sandbox, values, importance={100105: 0.7}, nps={100105: -40})
    got = judged(sandbox)
    assert got.loc[100103, "sentence"].endswith(
        "Not used here: furthest behind its benchmark and highest importance: Contact centre."
    )
    lay_down(sandbox, values, importance={100105: 0.7}, nps={100101: -40})
    assert (
        judged(sandbox)
        .loc[100103, "sentence_nl"]
        .endswith(" Niet gebruikt: verst achter op de norm: Fabrikant; grootste belang: Contactcenter.")
    )


def test_losses_that_could_not_be_separated_are_said_to_be_so(sandbox: Sandbox) -> None:
    lay_down(sandbox, winners({100101: 0, 100103: 390, 100105: 10}), upper_bound={100103: "few_pairs"})
    got = judged(sandbox)
    said = (
        "robably too high: few of its customers had rated another link before, "
        "so some of the loss may be another link's"
    )
    assert got.loc[100103, "sentence"].endswith(f" P{said}.")
    assert got.loc[100103, "verdict_reason"].endswith(f"; p{said}")
    assert "too high" not in got.loc[100105, "sentence"]
    limits = {100103: "few_pairs", 100105: "links_left_out"}
    lay_down(sandbox, winners({100101: 0, 100103: 220, 100105: 180}), upper_bound=limits)
    got = judged(sandbox)
    assert (
        got["chain_sentence"]
        .iloc[0]
        .endswith("; 45 % chance of being the weakest). The amounts are probably too high.")
    )
    # where the loss may be none there is no amount to bound
    values = winners({100101: 0, 100103: 400, 100105: 0})
    values[100105] = np.linspace(-40_000, 12_000, REPLICATES + 1)
    lay_down(sandbox, values, upper_bound={100105: "few_pairs"})
    assert "too high" not in judged(sandbox).loc[100105, "sentence"]


def test_no_loss_is_said_where_the_interval_reaches_nothing(sandbox: Sandbox) -> None:
    """Nor is it said how sure it is that none has more at stake."""
    values = winners({100101: 0, 100103: 400, 100105: 0})
    values[100101] = np.linspace(-40_000, 12_000, REPLICATES + 1)
    values[100105] = np.full(REPLICATES + 1, -5_000.0)
    lay_down(sandbox, values, customers={100101: -9.0, 100105: 20.0})
    got = judged(sandbox)
    assert got.loc[100101, "sentence"] == (
        "Manufacturer in Automotive NL: no sure loss goes with its scores (likely EUR -39 k to 11 k a year); "
        "another link has more at stake."
    )
    assert got.loc[100105, "sentence"].startswith(
        "Contact centre in Automotive NL: lost customers go with its low scores, but no sure margin (likely EUR -5 k"
    )
    # an estimate above 0 is no sure loss either
    values[100101] = np.r_[17_000.0, np.linspace(-19_000, 47_000, REPLICATES)]
    lay_down(sandbox, values)
    assert ": no sure loss goes with its scores (" in judged(sandbox).loc[100101, "sentence"]


def test_no_link_is_named_where_none_loses_anything(sandbox: Sandbox) -> None:
    drawn = {key: np.full(REPLICATES + 1, -1000.0) for key in LINKS}
    drawn[100103] = np.where(np.arange(REPLICATES + 1) % 4 == 0, 500.0, -900.0)
    lay_down(sandbox, drawn)
    got = judged(sandbox)
    assert set(got["verdict"]) == {"cannot_tell"}
    assert set(got["verdict_reason_code"]) == {"no_loss"}
    reason = "there is a chance of 75 % that no loss goes with the scores of any link"
    assert set(got["verdict_reason"]) == {reason}
    assert got["chain_sentence"].iloc[0] == f"No weakest link can be named in Automotive NL: {reason}."
    assert got.loc[100103, "sentence"] == f"Dealer in Automotive NL: cannot tell; {reason}."


@pytest.mark.parametrize("margin", [0.0, -3.0])
def test_customers_that_leave_no_margin_are_no_reason_to_say_that_nobody_leaves(
    sandbox: Sandbox, margin: float
) -> None:
    """Where cost equals revenue, or is above it, each link loses customers and no euro."""
    values = {key: np.full(REPLICATES + 1, margin) for key in LINKS}
    lay_down(sandbox, values, customers={100101: 12.0, 100103: 40.0, 100105: -2.0})
    got = judged(sandbox)
    assert set(got["verdict"]) == {"cannot_tell"}
    assert set(got["verdict_reason_code"]) == {"no_margin"}
    reason = "there is a chance of over 99 % that the lost customers bring no margin"
    assert got["chain_sentence"].iloc[0] == f"No weakest link can be named in Automotive NL: {reason}."
    # in most of the others nobody is lost either
    lay_down(sandbox, values, customers=dict.fromkeys(LINKS, -2.0))
    assert set(judged(sandbox)["verdict_reason_code"]) == {"no_loss"}


def test_no_link_is_named_where_no_loss_can_be_told_from_chance(sandbox: Sandbox) -> None:
    random = np.random.default_rng(5)
    drawn = {
        key: random.normal(size, 1_000, REPLICATES + 1) for key, size in zip(LINKS, (100, 1_500, 200), strict=True)
    }
    lay_down(sandbox, drawn)
    got = judged(sandbox)
    assert got["p_weakest"].max() > 0.7
    assert set(got["verdict_reason_code"]) == {"within_chance"}
    # a small loss that is sure does not make a large one surer
    drawn[100105] = random.normal(10, 1, REPLICATES + 1)
    lay_down(sandbox, drawn)
    assert set(judged(sandbox)["verdict_reason_code"]) == {"within_chance"}
    drawn[100103] = random.normal(2_500, 1_000, REPLICATES + 1)
    lay_down(sandbox, drawn)
    assert judged(sandbox).loc[100103, "verdict"] in ("weakest", "candidate")


def test_a_link_without_evidence_is_left_out_of_the_comparison(sandbox: Sandbox) -> None:
    """Whoever names the weakest of the others says that it was left out, and is not certain."""
    values = winners({100101: 0, 100103: 400, 100105: 0})
    del values[100105]
    # a measure that names the link which was not compared does not name it twice
    lay_down(sandbox, values, missing={100105: "few_scores"}, importance={100105: 0.7})
    got = judged(sandbox)
    assert got["verdict"].tolist() == ["not_weakest", "weakest", "cannot_tell"]
    assert not got["is_certain"].any()
    assert got["verdict_reason_code"].tolist() == ["not_weakest", "weakest_of_compared", "few_scores"]
    assert got.loc[100105, "sentence"] == (
        "Contact centre in Automotive NL: cannot tell; fewer than 30 of its scores are from customers whose purchases "
        "can be followed."
    )
    assert got.loc[100103, "sentence"] == got.loc[100105, "chain_sentence"]
    assert got.loc[100103, "sentence"] == (
        "Dealer is probably the weakest link of Automotive NL: EUR 1.2 m of lost margin a year goes with its low "
        "scores (likely 1.2 m to 1.2 m); over 99 % sure that no other link compared has more at stake. "
        "Not compared, too little data: Contact centre."
    )
    # nobody meets it, so nobody is lost there
    lay_down(sandbox, values, missing={100105: "few_customers"}, exposed={100105: 0})
    assert judged(sandbox)["is_certain"].tolist() == [False, True, False]
    del values[100101]
    lay_down(sandbox, values, missing={100101: "few_scores", 100105: "few_scores"})
    got = judged(sandbox)
    assert got.loc[100103, "verdict_reason_code"] == "no_other_link"
    assert got["chain_sentence"].iloc[0] == (
        "No weakest link can be named in Automotive NL: only one link has enough data. "
        "Links not compared, too little data: 2."
    )


def test_a_chain_without_evidence_says_why(sandbox: Sandbox) -> None:
    """And no more, whatever a single lens names."""
    missing = dict.fromkeys(LINKS, "few_scores")
    none = {100101: np.zeros(0)}
    lay_down(sandbox, none, missing=missing, nps={100103: -30})
    assert judged(sandbox)["chain_sentence"].iloc[0] == (
        "No weakest link can be named in Automotive NL: no link has enough data."
    )


def test_thresholds_are_held_against_whole_numbers(sandbox: Sandbox) -> None:
    """280 and 40 of 400 are 0.8, though 0.7 + 0.1 is less; and what falls short of it reads as less."""
    won = np.repeat([100103, 100101, 0], [281, 40, 80])
    lay_down(sandbox, {key: np.where(won == key, 1000.0, -1.0) for key in LINKS})
    got = judged(sandbox)
    assert got["p_weakest"].tolist() == [0.1, 0.7, 0.0]
    assert set(got["verdict_reason_code"]) == {"within_chance"}
    lay_down(sandbox, winners({100101: 0, 100103: 319, 100105: 81}))
    got = judged(sandbox)
    assert got.loc[100103, "verdict"] == "candidate"
    assert "79 % sure" in got.loc[100103, "sentence"]


def test_the_same_verdict_whatever_the_order(sandbox: Sandbox) -> None:
    random = np.random.default_rng(8)
    lay_down(sandbox, {key: random.normal(place, 2, REPLICATES + 1) for place, key in enumerate(LINKS)})
    sandbox.assert_order_does_not_matter(MODELS)


def kinds_of_verdicts() -> dict[str, tuple[dict[int, np.ndarray], set[int]]]:
    """Replicates of every kind of verdict, with the links that have data."""
    everywhere = set(LINKS)
    no_loss = {key: np.full(REPLICATES + 1, -1.2e9) for key in LINKS}
    unsure = {key: np.linspace(-3.1e9, 3.3e9, REPLICATES + 1) for key in LINKS}
    mixed = winners({100101: 0, 100103: 240, 100105: 160}, 1.2e11) | {100105: np.linspace(-1e11, 2e11, REPLICATES + 1)}
    two = {key: drawn for key, drawn in winners({100101: 12, 100103: 388, 100105: 0}, 1.2e11).items() if key != 100105}
    return {
        "certain": (winners({100101: 0, 100103: 400, 100105: 0}, 1.2e11), everywhere),
        "probable": (winners({100101: 60, 100103: 340, 100105: 0}, 1.2e11), everywhere),
        "two candidates": (winners({100101: 40, 100103: 200, 100105: 160}, 1.2e11), everywhere),
        "three candidates": (winners({100101: 120, 100103: 140, 100105: 140}, 1.2e11), everywhere),
        "a candidate without a sure loss": (mixed, everywhere),
        "two compared": (two, set(two)),
        "one compared": ({100103: two[100103]}, {100103}),
        "none compared": ({100101: np.zeros(0)}, set()),
        "no loss": (no_loss, everywhere),
        "no sure loss": (unsure, everywhere),
    }


LONG = {100101: "Headquarters and importers", 100103: "Garages and bodyshops", 100105: "Finance and insurance firm"}
LIMITS = ["few_pairs", "inseparable", "unstable_model", "links_left_out"]
# a claim of cause, or words of statisticians
NEVER = "|".join(
    [
        r"\b(loses?|causes?|caused|veroorzaakt|verliest)\b",
        r"\b(bootstrap|replicates?|intervals?|joint|model|p_\w+)\b",
        r"0[.,]\d\d",
        "[{}]",
    ]
)


@pytest.mark.parametrize("names", [{}, LONG], ids=["names", "long names"])
@pytest.mark.parametrize("limit", [None, *LIMITS])
@pytest.mark.parametrize("kind", kinds_of_verdicts())
def test_sentences_obey_their_rules(sandbox: Sandbox, kind: str, limit: str | None, names: dict[int, str]) -> None:
    """Short, without jargon, no link twice, and none where none can be told, in both languages."""
    values, compared = kinds_of_verdicts()[kind]
    missing = {key: "few_recent_scores" for key in LINKS if key not in compared}
    chain = "Consumer electronics NL" if names else NAME
    lay_down(
        sandbox, values, missing=missing, names=names, chain_name=chain, upper_bound=dict.fromkeys(LINKS, limit),
        importance={100105: 0.7, 100101: 0.2}, nps={100101: -40}, customers={100101: 1e9} if compared else {},
    )  # fmt: skip
    got = judged(sandbox)
    shown = names or LINKS
    dutch = dict(zip(PHRASES["phrase_en"], PHRASES["phrase_nl"], strict=True))
    spoken = {"": set(shown.values()), "_nl": {dutch.get(name, name) for name in shown.values()}}
    assert len(got) == len(LINKS)
    for ending, links in spoken.items():
        texts = [text for column in ("sentence", "chain_sentence") for text in got[column + ending]]
        texts += got["verdict_reason" + ending].tolist()
        for text in texts:
            assert isinstance(text, str) and 0 < len(text) <= MOST, text
            assert not re.search(NEVER, text, re.IGNORECASE), text
            assert all(text.count(link) <= 1 for link in links), text
        assert all(text.endswith(".") for text in texts[: 2 * len(LINKS)])
        if set(got["verdict"]) == {"cannot_tell"}:
            assert not any(link in got["chain_sentence" + ending].iloc[0] for link in links)


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
            "after fewer than 10 answers a customer came back whose margin over the whole window is known",
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
