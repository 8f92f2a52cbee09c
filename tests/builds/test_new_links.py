"""A link that sells, a link that only surveys and one survey more are added by data: contract entries and seed rows.

tests/fixtures/new_links holds what a person writes for each, and nothing else: its files are added to a copy of the
project (entries and rows to the ends of files that are there). `make docs` writes the rest. A landing folder with files
of all three is built there, without the files that come late, then with them, and anew.
"""

import itertools
import math
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb
import new_links
import numpy as np
import pandas as pd
import pytest
from landing_builder import FIXTURES, PROJECT, Warehouse, build
from parity import differences

from demo.plan import END

OVERLAY = FIXTURES / "new_links"
# the most files that a person may have to touch for each
MOST_FILES = {"dealer_survey": 4, "workshop": 9, "finance": 4}
DATASETS = ("dealer__waiting_room", "finance__survey", "workshop__customers", "workshop__orders", "workshop__survey")
CHAIN_KEY, CHAIN = 1001, "automotive_nl"
LINK_KEYS = {"workshop": 12, "finance": 6}
# the project's own tests that say what a person forgot
GUARDS = ("test_contract.py", "test_house_order.py", "test_links_are_data.py")
GUARDING = "every_path or up_to_date or no_list or no_sql or no_description"
LEFT_BEHIND = shutil.ignore_patterns(
    *(".*", "__pycache__", "node_modules", "target", "logs", "site", "warehouse", "demo_data")
)


@dataclass
class Built:
    """The copy of the project, what was laid down, and what was built of it."""

    project: Path
    truth: new_links.Truth
    loaded: Warehouse
    anew: Warehouse
    connection: duckdb.DuckDBPyConnection

    def frame(self, query: str) -> pd.DataFrame:
        """Rows of a query over the warehouse that loaded changes."""
        return self.connection.execute(query).df()


def written_by_hand(addition: str) -> list[Path]:
    """The files of an addition, by their paths in the project."""
    folder = OVERLAY / addition
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def add_by_hand(project: Path, addition: str) -> None:
    """Add the entries and rows to files that are there, and the files that are not."""
    for path in written_by_hand(addition):
        place, text = project / path, (OVERLAY / addition / path).read_text(encoding="utf-8")
        if place.suffix == ".csv":
            header, text = text.split("\n", 1)
            assert place.read_text(encoding="utf-8").startswith(f"{header}\n")
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("a", encoding="utf-8") as stream:
            stream.write(text)


def copy_of_the_project(folder: Path) -> Path:
    """A copy with all additions, in which `make docs` has been run."""
    project = shutil.copytree(PROJECT, folder, ignore=LEFT_BEHIND)
    for addition in MOST_FILES:
        add_by_hand(project, addition)
    subprocess.run([sys.executable, "-m", "nps_chain", "docs"], cwd=project, check=True)
    return project


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """Built without the late files, then with them; and all of it anew."""
    folder = tmp_path_factory.mktemp("new_links")
    project, landing, growing = copy_of_the_project(folder / "project"), folder / "whole", folder / "growing"
    truth = new_links.lay_down(landing)
    assert len(truth.late()) == len(DATASETS)
    shutil.copytree(landing, growing)
    for path in truth.late():
        (growing / path).unlink()
    with ThreadPoolExecutor(max_workers=2) as pool:
        both = [
            pool.submit(build, place, folder / name, data_tests=False, project=project)
            for place, name in ((growing, "loaded"), (landing, "anew"))
        ]
        anew = [each.result() for each in both][1]
    for path in truth.late():
        shutil.copy(landing / path, growing / path)
    loaded = build(growing, folder / "loaded", project=project)
    with loaded.open() as connection:
        yield Built(project, truth, loaded, anew, connection)


def test_few_files_are_written_by_hand() -> None:
    for addition, most in MOST_FILES.items():
        assert 0 < len(written_by_hand(addition)) <= most
    assert {path.name for path in OVERLAY.iterdir()} == MOST_FILES.keys()


def test_the_projects_own_guards_ask_for_nothing_more(built: Built) -> None:
    guards = [str(next(built.project.rglob(name))) for name in GUARDS]
    command = [sys.executable, "-m", "pytest", "-q", "-k", GUARDING, *guards]
    outcome = subprocess.run(command, cwd=built.project, capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stdout


def test_loading_the_late_files_equals_making_all_anew(built: Built) -> None:
    said = (built.loaded.published.parent / "build.log").read_text(encoding="utf-8")
    assert "dbt: adding what has changed" in said
    assert differences(built.loaded.published, built.anew.published) == []


def test_the_links_stand_in_the_chain(built: Built) -> None:
    rows = built.frame(
        f"select link_code, chain_link_key, chain_key, link_key from dim_chain_link where chain_code = '{CHAIN}'"
    )
    found = rows.set_index("link_code").astype(int)
    assert len(found) == 6
    for link, key in LINK_KEYS.items():
        assert tuple(found.loc[link]) == (CHAIN_KEY * 100 + key, CHAIN_KEY, key)


def test_scores_are_all_there(built: Built) -> None:
    rows = built.frame(
        "select survey_code as survey, partner_code as partner, response_no as number, score, "
        "dim_survey.link_code as link from fct_nps_response join dim_survey using (survey_key) "
        "join dim_partner using (partner_key)"
    )
    expected = pd.DataFrame(built.truth.answers)[list(rows)]
    found = rows[rows["survey"].isin(expected["survey"])]
    assert set(found["survey"]) == {"waiting_room", "workshop_visit", "lease"}
    by = ["survey", "partner", "number"]
    pd.testing.assert_frame_equal(
        found.sort_values(by, ignore_index=True), expected.sort_values(by, ignore_index=True), check_dtype=False
    )


def test_nps_is_that_of_the_files(built: Built) -> None:
    answers = pd.DataFrame(built.truth.answers)
    answers = answers[answers["link"].isin(LINK_KEYS)]
    answers["quarter"] = pd.to_datetime(answers["day"]).dt.to_period("Q").dt.start_time
    answers["standing"] = (answers["score"] >= 9).astype(int) - (answers["score"] <= 6).astype(int)
    expected = answers.groupby(["link", "quarter"])["standing"].agg(["size", "mean"])
    found = built.frame(
        "select link_code as link, quarter_start_on as quarter, responses, nps from mart_nps_by_link "
        f"where chain_code = '{CHAIN}' and link_code in {tuple(LINK_KEYS)}"
    ).set_index(["link", "quarter"])
    shown = found[found["nps"].notna()].join(expected, how="left")
    assert shown.groupby("link").size().min() >= 8
    assert (shown["responses"] == shown["size"]).all()
    np.testing.assert_allclose(shown["nps"], 100 * shown["mean"], rtol=0, atol=1e-9)
    assert (expected["size"].sum() - shown["responses"].sum()) < 0.1 * expected["size"].sum()


def test_the_verdict_knows_them(built: Built) -> None:
    rows = built.frame(f"select * from mart_weakest_link where chain_code = '{CHAIN}'").set_index("link_code")
    assert set(rows["loss_model"]) == {"joint"}
    assert rows["p_weakest"].sum() == pytest.approx(1)
    for link in LINK_KEYS:
        assert rows.loc[link, "verdict"] in ("weakest", "candidate", "not_weakest")
        assert rows.loc[link, "exposed_customers"] > 100
        assert rows.loc[link, "benchmark_nps"] == 20
        assert (rows.drop(index=link)["held_constant"].str.contains(rows.loc[link, "link_name"])).any()
    workshop = rows.loc["workshop"]
    planted = new_links.COMES_BACK[2] - new_links.COMES_BACK[0]
    assert workshop["promoter_retention"] - workshop["detractor_retention"] > planted / 2
    assert workshop["value_at_stake_eur_ci_low"] > 0
    printed = (built.loaded.published.parent / "build.log").read_text(encoding="utf-8")
    assert "\nWorkshop chain " in printed and "\nFinance company " in printed


def test_importance_compares_all_six_links(built: Built) -> None:
    """The estimate against every ordering of the six, from the sums that it is made of."""
    found = built.frame(
        "select chain_link_key % 100 as link, lmg, r_squared from work.intermediate.int_importance_replicate "
        f"where replicate = 0 and ownership_age_band_key = 0 and chain_link_key // 100 = {CHAIN_KEY} order by link"
    )
    moments = built.frame(
        "select variable_a as a, variable_b as b, sum(journeys) as n, sum(sum_a) as sa, sum(sum_b) as sb, "
        "sum(sum_aa) as saa, sum(sum_bb) as sbb, sum(sum_ab) as sab from work.intermediate.int_importance_moment "
        f"where chain_key = {CHAIN_KEY} group by all"
    ).astype(float)
    spread_a = moments["n"] * moments["saa"] - moments["sa"] ** 2
    spread_b = moments["n"] * moments["sbb"] - moments["sb"] ** 2
    moments["correlation"] = (moments["n"] * moments["sab"] - moments["sa"] * moments["sb"]) / np.sqrt(
        spread_a * spread_b
    )
    wide = moments.pivot(index="a", columns="b", values="correlation").fillna(0).to_numpy()
    matrix = np.maximum(wide, wide.T) + np.minimum(wide, wide.T)
    np.fill_diagonal(matrix, 1)
    assert len(found) == 6
    np.testing.assert_allclose(found["lmg"], lmg(matrix), rtol=1e-8)
    assert found["r_squared"].iloc[0] == pytest.approx(found["lmg"].sum())


def lmg(matrix: np.ndarray) -> list[float]:
    """What each predictor adds to R^2, averaged over all orders; the outcome is row 0."""
    explained = {(): 0.0}
    predictors = range(1, len(matrix))
    for size in predictors:
        for some in itertools.combinations(predictors, size):
            side = matrix[list(some), 0]
            explained[some] = float(side @ np.linalg.solve(matrix[np.ix_(some, some)], side))
    added = dict.fromkeys(predictors, 0.0)
    for order in itertools.permutations(predictors):
        for place, one in enumerate(order):
            before = tuple(sorted(order[:place]))
            added[one] += explained[tuple(sorted((*before, one)))] - explained[before]
    return [total / math.factorial(len(added)) for total in added.values()]


def test_orders_are_transactions_with_their_money(built: Built) -> None:
    expected = pd.DataFrame(built.truth.orders)
    expected = expected[expected["day"] <= END].groupby(["partner", "kind", "is_paid"])
    found = built.frame(
        "select partner_code as partner, transaction_kind as kind, is_customer_paid as is_paid, count(*) as orders, "
        "sum(revenue_eur) as revenue, count(margin_eur) as known, sum(margin_eur) as margin "
        "from fct_transaction join dim_partner using (partner_key) where link_code = 'workshop' group by all"
    ).set_index(["partner", "kind", "is_paid"])
    sums = expected.agg(
        orders=("day", "size"), revenue=("revenue", "sum"), known=("margin", "count"), margin=("margin", "sum")
    )
    assert {kind for _, kind, _ in sums.index} == {"quick_repair", "return"}
    pd.testing.assert_frame_equal(
        found.sort_index().astype(float), sums.sort_index().astype(float), check_dtype=False, rtol=1e-12
    )


def test_who_comes_back_counts(built: Built) -> None:
    """Of customers whom no other link knows: who paid for an order after the answer."""
    orders = pd.DataFrame(built.truth.orders)
    paid = orders[orders["is_paid"] & (orders["card"] != "")]
    answers = pd.DataFrame(built.truth.answers)
    answers = answers[(answers["link"] == "workshop") & (answers["card"] != "") & (answers["day"] < END)]
    pairs = answers.merge(paid, on=["partner", "card"], suffixes=("", "_of_order"))
    back = pairs[pairs["day_of_order"] > pairs["day"]].groupby(["partner", "number"])["day_of_order"].min()
    expected = answers.set_index(["partner", "number"]).assign(back=back)["back"].notna()
    found = built.frame(
        "select partner_code as partner, response_no as number, retention_measure, is_event from fct_retention "
        "join fct_nps_response using (response_key) join dim_partner as partners "
        "on fct_retention.partner_key = partners.partner_key where link_code = 'workshop'"
    )
    assert expected.nunique() == 2
    for measure in ("chain", "partner"):
        rows = found[found["retention_measure"] == measure].set_index(["partner", "number"])["is_event"]
        assert (rows.loc[expected.index] == expected).all()


def test_who_is_known_by_one_address_is_one_person(built: Built) -> None:
    keys = built.frame(
        "select survey_code, response_no, partner_code, customer_key from fct_nps_response "
        "join dim_survey using (survey_key) join dim_partner using (partner_key)"
    )
    rooms = keys[keys["survey_code"] == "waiting_room"].set_index("response_no")["customer_key"]
    others = keys[keys["survey_code"].isin(["workshop_visit", "lease"])]
    others = others.set_index(["partner_code", "response_no"])["customer_key"]
    same = {others.loc[(partner, number)] == rooms.loc[room] for partner, number, room in built.truth.same_person}
    assert same == {True}
    assert others.nunique() > rooms.nunique()


def test_their_partners_are_ranked(built: Built) -> None:
    rows = built.frame(
        "select * from mart_partner_ranking "
        f"where period_kind = 'trailing' and chain_code = '{CHAIN}' and link_code in {tuple(LINK_KEYS)}"
    )
    assert set(rows["partner_code"]) == {*new_links.WORKSHOPS, *new_links.LESSORS}
    workshops = rows[rows["link_code"] == "workshop"].sort_values("expected_rank")
    assert workshops["is_rankable"].all()
    assert workshops["partner_code"].iloc[0] == new_links.WORKSHOPS[0]
    assert workshops["partner_code"].iloc[-1] == new_links.WORKSHOPS[-1]


def test_bad_rows_stand_in_quarantine_with_file_and_line(built: Built) -> None:
    found = built.connection.execute(
        "select dataset, file_path, line_number, reason_code, column_name, scope from mart_quarantine "
        f"where dataset in {DATASETS}"
    ).fetchall()
    assert sorted(found) == sorted(built.truth.faults)
    assert {dataset for dataset, *_ in found} == set(DATASETS)


def test_rows_in_are_accepted_or_quarantined(built: Built) -> None:
    found = built.connection.execute(
        "select file_path, rows_in, rows_accepted, rows_quarantined, file_status from mart_pipeline_health "
        f"where dataset in {DATASETS}"
    ).fetchall()
    refused, rows = Counter(path for _, path, *_ in built.truth.faults), built.truth.rows
    expected = [
        (path, rows[path], rows[path] - refused[path], refused[path], _status(rows[path] - refused[path]))
        for path in rows
    ]
    assert sorted(found) == sorted(expected)


def test_follow_ups_and_costs_name_them(built: Built) -> None:
    found = built.frame(
        "select follow_up_no, response_no from fct_follow_up left join fct_nps_response using (response_key) "
        "where follow_up_no like 'N-%'"
    )
    assert dict(zip(found["follow_up_no"], found["response_no"], strict=True)) == built.truth.follow_ups
    assert len(found) == 3
    costs = built.connection.execute(
        "select link_code, programme_cost_eur from fct_link_cost join dim_chain_link using (chain_link_key) "
        f"where link_code in {tuple(LINK_KEYS)}"
    ).fetchall()
    assert sorted(costs) == [("finance", 1000), ("workshop", 1000)]


def _status(accepted: int) -> str:
    return "loaded" if accepted else "no_usable_row"
