"""Every kind of bad input, laid down in one landing folder and built twice: what must come of it stands in the corpus.

The second build follows a second delivery: corrected, late and withdrawn rows, over the same warehouse.
"""

import copy
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from bad_input import CASES
from bad_input.case import Case, File, lay_down
from bad_input.corpus import ANCHOR, RATES, lay_corpus
from bad_input.injection import PAYLOADS
from bad_input.judge import Observed, complaints, observe
from landing_builder import PROJECT, TEST_KEY, Warehouse
from lent_parse import lend_parse

from nps_chain.contracts.landing import load_contract
from nps_chain.people.identity import KEY_VARIABLE

FEWEST_KINDS = 60
FIRST, SECOND = 1, 2


@dataclass(frozen=True)
class Built:
    """A build over the corpus: what it said, what it published, and what its tables hold."""

    output: str
    tables: set[str]
    observed: Observed
    warehouse: Warehouse


def _build(landing: Path, folder: Path) -> Built:
    environment = {
        **os.environ,
        "NPS_WAREHOUSE": str(folder),
        "NPS_RAW": str(folder / "raw"),
        "NPS_WORK_DB": str(folder / "work.duckdb"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_EXCLUDE_RESOURCE_TYPES": "unit_test",
        KEY_VARIABLE: TEST_KEY,
    }
    lend_parse(environment)
    command = [sys.executable, "-m", "nps_chain", "build", "--landing", str(landing)]
    outcome = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    output = outcome.stdout + outcome.stderr
    assert outcome.returncode == 0, output
    warehouse = Warehouse(folder / "nps_chain.duckdb", folder / "work.duckdb")
    with warehouse.open() as connection:
        tables = connection.execute(
            "select table_name from duckdb_tables() where database_name = 'published'"
        ).fetchall()
        datasets = {dataset.name for dataset in load_contract().datasets}
        return Built(output, {name for (name,) in tables}, observe(connection, datasets), warehouse)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bad_input")


@pytest.fixture(scope="module")
def first(folder: Path) -> Built:
    landing = folder / "landing"
    lay_corpus(landing)
    return _build(landing, folder / "warehouse")


@pytest.fixture(scope="module")
def second(first: Built, folder: Path) -> Built:
    landing = folder / "landing"
    for case in CASES:
        for path in case.gone:
            (landing / path).unlink()
        for file in case.later:
            lay_down(landing, file)
    return _build(landing, folder / "warehouse")


EVERY_CASE = pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)


def _all_complaints(case: Case, built: Built, round_number: int) -> list[str]:
    return [text for file in case.files_of(round_number) for text in complaints(file, built.observed)]


def test_the_corpus_is_large_and_its_kinds_are_apart() -> None:
    kinds = [case.kind for case in CASES]
    assert len(kinds) == len(set(kinds)) >= FEWEST_KINDS
    paths = [file.path for case in CASES for file in case.files]
    assert len(paths) == len(set(paths))


@EVERY_CASE
def test_first_delivery(first: Built, case: Case) -> None:
    assert _all_complaints(case, first, FIRST) == []


@EVERY_CASE
def test_second_delivery(second: Built, case: Case) -> None:
    assert _all_complaints(case, second, SECOND) == []


def test_nothing_but_the_corpus_is_there(first: Built, second: Built) -> None:
    """No file is forgotten and none invented; of every file each row is accepted or quarantined."""
    for built, round_number in ((first, FIRST), (second, SECOND)):
        files = [file for case in CASES for file in case.files_of(round_number)]
        frame = {"chain/partners.csv", RATES, f"shop/{ANCHOR}/receipts.csv"}
        assert len(built.observed.health) == len(files) + len(frame)
        assert frame <= set(built.observed.health)
        for row in built.observed.health.values():
            assert row["rows_in"] == row["rows_accepted"] + row["rows_quarantined"], row
            assert row["rows_quarantined"] >= row["rows_erased"], row
        for path in frame:
            assert built.observed.health[path]["rows_quarantined"] == 0


def test_what_a_build_says_is_never_a_stack_trace(first: Built, second: Built) -> None:
    for built in (first, second):
        assert "Traceback" not in built.output
        assert 'File "' not in built.output
    for case in CASES:
        for file in case.files:
            if file.outcome.status == "failed":
                assert str(file.outcome.message) in first.output


def test_injected_statements_and_formulas_did_nothing(first: Built, second: Built) -> None:
    """Every table is there, and what was written stands there as it was written."""
    models = {path.stem for path in (PROJECT / "models" / "marts").rglob("*.sql")}
    assert first.tables == second.tables >= models
    with second.warehouse.open() as connection:

        def texts(query: str) -> set[str]:
            return {text for (text,) in connection.execute(query).fetchall()}

        payloads = set(PAYLOADS)
        assert texts("select partner_name from dim_partner") >= payloads
        assert texts("select owner_name from dim_partner") >= payloads
        assert texts("select product_code from dim_product") >= payloads
        assert texts("select product_name from dim_product") >= payloads
        assert texts("select contact_no from fct_contact") >= payloads
        assert texts("select follow_up_no from fct_follow_up") >= payloads
        assert texts("select reason_code from fct_contact") == {"question", "other"}


def test_no_content_is_quarantined_or_said(first: Built) -> None:
    """Quarantine, sentences and output name places and reasons; what was written in a bad row is not repeated."""
    with first.warehouse.open() as connection:
        said = str(connection.execute("select * exclude (file_path) from mart_quarantine").fetchall())
    for payload in PAYLOADS:
        assert payload not in said
        assert payload not in first.output
    assert "example.org" not in first.output


# ---------------------------------------------------------------- the test of the test


def _drop_a_quarantined_row(seen: Observed, path: str) -> None:
    seen.quarantine[path].pop()


def _drop_an_accepted_row(seen: Observed, path: str) -> None:
    seen.staged[path].pop()


def _swap_a_value(seen: Observed, path: str) -> None:
    row = seen.staged[path][0]
    seen.staged[path][0] = {name: "other" if name != "line_number" else value for name, value in row.items()}


def _move_a_line(seen: Observed, path: str) -> None:
    line, *rest = seen.quarantine[path][0]
    seen.quarantine[path][0] = (line + 1, *rest)


def _blame_another_column(seen: Observed, path: str) -> None:
    line, reason, _, scope = seen.quarantine[path][0]
    seen.quarantine[path][0] = (line, reason, "another", scope)


def _lose_a_count(seen: Observed, path: str) -> None:
    seen.health[path]["rows_in"] -= 1


def _forget_the_file(seen: Observed, path: str) -> None:
    del seen.health[path]


@pytest.mark.parametrize(
    "damage",
    [
        _drop_a_quarantined_row,
        _drop_an_accepted_row,
        _swap_a_value,
        _move_a_line,
        _blame_another_column,
        _lose_a_count,
        _forget_the_file,
    ],
)
def test_the_judge_sees_damage(first: Built, damage: Callable[[Observed, str], None]) -> None:
    case = next(case for case in CASES if case.kind == "nul-bytes")
    file: File = case.files[0]
    assert complaints(file, first.observed) == []
    damaged = copy.deepcopy(first.observed)
    damage(damaged, file.path)
    assert complaints(file, damaged) != []
