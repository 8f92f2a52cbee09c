"""A landing folder written by hand from docs/landing.md alone: one Swedish automotive chain and one shop, in SEK.

What was laid down, and what must come of it, stands in tests/fixtures/handmade_landing_README.md: all figures were
counted by hand from those files, and files, rows and surveys are read from there.
"""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from lent_parse import lend_parse

from nps_chain.contracts.descriptions import staging_columns
from nps_chain.contracts.landing import load_contract, seed_codes
from nps_chain.contracts.marts import load_tables

ROOT = Path(__file__).resolve().parents[2]
LANDING = ROOT / "tests" / "fixtures" / "handmade_landing"
README = LANDING.with_name("handmade_landing_README.md").read_text(encoding="utf-8")

FILE = re.compile(r"^\| (\S+/\S+) \| (\d+) \|(.*)\| *(\d*) *\|$", re.MULTILINE)
FAULT = re.compile(r"(\d+): `(\w+)`(?: \([^)]*\))?(, answer)?")
SURVEY = re.compile(
    r"^\| `(\w+)` .*?\| (?:(\d+)(?:, of which (\d+) delivered)?)? *\| (\d+) \| (\d+) \| (\d+) \| (\d+) \|", re.MULTILINE
)
SALES = re.compile(r"^\| (\w+) `(\w+)` \| (yes|no)\b.*? \| (\d+) \| .* (-?[\d,]+) \|$", re.MULTILINE)
# file: rows, and those of the customer who is erased
ROWS = {path: (int(rows), int(erased or 0)) for path, rows, _, erased in FILE.findall(README)}
# file, line, reason, scope
QUARANTINED = {
    (path, int(line), reason, "answer" if answer else "row")
    for path, _, faults, _ in FILE.findall(README)
    for line, reason, answer in FAULT.findall(faults)
}


@dataclass(frozen=True)
class Built:
    """What the build said, and the warehouse it made."""

    output: str
    warehouse: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build the folder once, as a user would; unit tests bring their own rows and tell nothing of it."""
    folder = tmp_path_factory.mktemp("handmade")
    environment = {
        **os.environ,
        "NPS_IDENTITY_KEY": "handmade-landing-test-key",
        "NPS_WAREHOUSE": str(folder),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_EXCLUDE_RESOURCE_TYPES": "unit_test",
    }
    lend_parse(environment)
    outcome = subprocess.run(
        [sys.executable, "-m", "nps_chain", "build", "--landing", str(LANDING)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return Built(outcome.stdout, folder)


@pytest.fixture(scope="module")
def warehouse(built: Built) -> Iterator[duckdb.DuckDBPyConnection]:
    """What was published."""
    with duckdb.connect(str(built.warehouse / "nps_chain.duckdb"), read_only=True) as connection:
        yield connection


def test_a_first_time_user_passes_all_checks(built: Built) -> None:
    raw, marts = (line for line in built.output.splitlines() if line.startswith("checks: "))
    datasets = len(load_contract().datasets)
    assert f"on {datasets} data sets" in raw
    assert f"on {len(load_tables())} tables" in marts
    assert ", 0 warnings;" in marts
    docs = built.warehouse / "data_docs"
    assert len(list((docs / "raw").glob("*__*.html"))) == datasets
    written = "".join(path.read_text(encoding="utf-8") for path in docs.rglob("*.*"))
    assert "Evaluated Expectations" in written
    assert "Table-Level Expectations" in written
    for absent in ("http://", "https://", "<script", str(built.warehouse), str(LANDING.parent)):
        assert absent not in written


def test_every_file_is_loaded(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Every file that was laid down is read, and every data set of the contract has one."""
    health = warehouse.execute("select file_path, file_status, dataset from mart_pipeline_health").fetchall()
    laid_down = {path.relative_to(LANDING).as_posix() for path in LANDING.rglob("*") if path.is_file()}
    assert {path for path, _, _ in health} == laid_down
    assert len(health) == len(laid_down)
    assert {status for _, status, _ in health} == {"loaded"}
    assert {dataset for _, _, dataset in health} == {dataset.name for dataset in load_contract().datasets}


def test_every_row_is_accounted_for(warehouse: duckdb.DuckDBPyConnection) -> None:
    """File by file: the rows that the README counts, less the deliberate ones and those of the erased customer."""
    deliberate = Counter(path for path, _, _, _ in QUARANTINED)
    lost = {path: deliberate[path] + erased for path, (_, erased) in ROWS.items()}
    expected = {(path, rows, rows - lost[path], lost[path], erased) for path, (rows, erased) in ROWS.items()}
    found = warehouse.execute(
        "select file_path, rows_in, rows_accepted, rows_quarantined, rows_erased from mart_pipeline_health"
    ).fetchall()
    assert set(found) == expected


def test_exactly_the_deliberate_rows_are_quarantined(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Each oddity is found with its own reason, and nothing else is."""
    rows = warehouse.execute("select file_path, line_number, reason_code, scope from mart_quarantine").fetchall()
    assert set(rows) == QUARANTINED
    assert len(rows) == len(QUARANTINED)


def test_every_table_and_column_is_described(warehouse: duckdb.DuckDBPyConnection) -> None:
    """In their comments, for whoever opens the published file without the project."""
    for catalog in ("duckdb_tables()", "duckdb_columns()"):
        described = warehouse.execute(
            f"select count(*), count(nullif(comment, '')) from {catalog} where schema_name = 'main' and not internal"
        ).fetchone()
        assert described[0] >= 30 and described[0] == described[1], catalog


def test_staging_models_have_the_columns_that_are_described(built: Built) -> None:
    """The SQL and the descriptions are both written from the contract, by code in two languages."""
    with duckdb.connect(str(built.warehouse / "work.duckdb"), read_only=True) as connection:
        for dataset in load_contract().datasets:
            columns = connection.execute(f"describe staging.stg_{dataset.name}").fetchall()
            assert [name for name, *_ in columns] == list(staging_columns(dataset)), dataset.name


def test_an_ignored_column_is_reported(warehouse: duckdb.DuckDBPyConnection) -> None:
    """`Till` is in no contract; it is ignored and said so."""
    rows = warehouse.execute("select file_path, message from mart_pipeline_health where message is not null").fetchall()
    assert [path for path, _ in rows] == ["shop/SE-S01/receipts_2024.csv"]
    assert "till" in rows[0][1].lower()


def test_scores_per_survey(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Promoters, passives and detractors of every survey, as written in the files."""
    rows = warehouse.execute(
        "select survey_code, sum(is_promoter)::integer, sum(is_passive)::integer, sum(is_detractor)::integer "
        "from fct_nps_response join dim_survey using (survey_key) group by all"
    ).fetchall()
    counted = SURVEY.findall(README)
    assert len(counted) == len(rows) == len(seed_codes("surveys"))
    assert set(rows) == {(code, *map(int, scores)) for code, _, _, _, *scores in counted}


def test_further_questions(warehouse: duckdb.DuckDBPyConnection) -> None:
    """The ratings that the README counts, and no rating of what is no answer."""
    rows = warehouse.execute(
        "select response_no, item_code, rating from fct_survey_item join fct_nps_response using (response_key) "
        "order by response_no desc, item_code"
    ).fetchall()
    assert [(number, item) for number, item, _ in rows] == [
        ("W-08", "staff"),
        ("W-02", "staff"),
        ("W-01", "staff"),
        ("Q-12", "choice"),
        ("Q-12", "parking"),
        ("Q-01", "choice"),
    ]
    (counted,) = re.findall(r"6 ratings of answers, ([\d, and]+) of 100\.", README)
    assert sorted(rating for *_, rating in rows) == sorted(map(float, re.findall(r"\d+", counted)))


def test_who_did_not_answer_still_counts_as_asked(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Invitations, delivered and answered: one bounce and one opt-out, and nothing from the shop."""
    rows = warehouse.execute(
        "select survey_code, count(*), sum(is_delivered)::integer, sum(is_answered)::integer "
        "from fct_survey_invitation join dim_survey using (survey_key) group by all"
    ).fetchall()
    counted = SURVEY.findall(README)
    assert set(rows) == {
        (code, int(invited), int(delivered or invited), int(answers))
        for code, invited, delivered, answers, *_ in counted
        if invited
    }


def test_transactions_and_revenue(warehouse: duckdb.DuckDBPyConnection) -> None:
    """A krona is 0.10 euro in 2023 and 0.09 in 2024."""
    rows = warehouse.execute(
        "select link_code, transaction_kind, is_customer_paid, count(*), sum(revenue_eur) "
        "from fct_transaction join dim_chain_link using (chain_link_key) group by all"
    ).fetchall()
    assert set(rows) == {
        (link, kind, paid == "yes", int(count), Decimal(euros.replace(",", "")))
        for link, kind, paid, count, euros in SALES.findall(README)
    }


def test_people_are_resolved(warehouse: duckdb.DuckDBPyConnection) -> None:
    """19 dealer numbers are 18 people, one of them erased; 6 of 12 cards are new; a strange card and a caller."""
    assert warehouse.execute("select count(*) from dim_customer").fetchone() == (17 + 6 + 1 + 1,)
    # five found by e-mail and one by phone, and a card holder who called the car maker's contact centre
    assert warehouse.execute("select count(*) from dim_customer where chains_met = 2").fetchone() == (7,)
    # were sold without a card
    assert warehouse.execute("select count(*) from fct_transaction where customer_key is null").fetchone() == (3,)
    # C-06 and C-17 left nothing
    strangers = "select contact_no from fct_contact where customer_key is null order by contact_no"
    assert warehouse.execute(strangers).fetchall() == [("C-06",), ("C-17",)]


def test_accents_survive(warehouse: duckdb.DuckDBPyConnection) -> None:
    """The importer writes Windows-1252, the chain UTF-8; both say the same name, with a quote and a comma within."""
    names = warehouse.execute("select partner_name, owner_name from dim_partner where link_code = 'dealer'").fetchall()
    assert set(names) == {("Åkessons Bil i Växjö", "Åkesson Gruppen AB"), ("Söder Bil i Växjö", "Söder Gruppen AB")}
    shop = warehouse.execute("select partner_name from dim_partner where link_code = 'shop'").fetchall()
    assert shop == [('Växjö Sport, Fritid & "Mer"',)]
