"""A landing folder written by hand from docs/landing.md alone: one Swedish automotive chain and one shop, in SEK.

What was laid down, and why each row is expected where it is, stands in tests/fixtures/handmade_landing_README.md.
Every figure below was counted by hand from those files.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from nps_chain.contracts.landing import load_contract
from nps_chain.contracts.marts import load_tables

ROOT = Path(__file__).resolve().parents[2]
LANDING = ROOT / "tests" / "fixtures" / "handmade_landing"

# file, line, reason, scope
QUARANTINED = {
    ("chain/acquisition_reasons.csv", 31, "value_not_allowed", "row"),
    ("chain/benchmarks.csv", 9, "out_of_range", "row"),
    ("chain/follow_ups.csv", 5, "closed_before_opened", "row"),
    ("chain/partners.csv", 8, "overlapping_validity", "row"),
    ("contact_centre/SE-CC/contacts.ndjson", 9, "not_json", "row"),
    ("contact_centre/SE-CC/contacts.ndjson", 18, "unknown_country", "row"),
    ("contact_centre/SE-CC/contacts.ndjson", 19, "closed_before_opened", "row"),
    ("contact_centre/SE-CC/surveys.ndjson", 12, "invalid_score", "answer"),
    ("contact_centre/SE-CC/surveys.ndjson", 13, "unknown_contact", "row"),
    ("contact_centre/SE-CC/surveys.ndjson", 14, "out_of_range", "row"),
    ("dealer/SE-D01/customers.csv", 5, "superseded_row", "row"),
    ("dealer/SE-D01/customers_2024-09.csv", 2, "duplicate_row", "row"),
    ("dealer/SE-D01/post_sale_survey.csv", 12, "invalid_score", "answer"),
    ("dealer/SE-D01/post_sale_survey.csv", 13, "no_answer", "answer"),
    ("dealer/SE-D01/post_service_survey.csv", 16, "answer_before_invitation", "answer"),
    ("dealer/SE-D01/sales_orders.csv", 20, "unknown_currency", "row"),
    ("dealer/SE-D01/sales_orders.csv", 21, "no_exchange_rate", "row"),
    ("dealer/SE-D01/sales_orders.csv", 22, "transaction_before_built", "row"),
    ("dealer/SE-D01/service_orders.csv", 24, "value_not_allowed", "row"),
    ("dealer/SE-D01/service_orders.csv", 25, "invalid_number", "row"),
    ("dealer/SE-D01/service_orders.csv", 26, "invalid_date", "row"),
    ("importer/SE-IMP/dealernetwerk.csv", 26, "unknown_partner", "row"),
    ("importer/SE-IMP/dealernetwerk.csv", 27, "bad_encoding", "row"),
    ("importer/SE-IMP/eigenaarsonderzoek_2024.csv", 12, "invalid_score", "answer"),
    ("importer/SE-IMP/eigenaarsonderzoek_2024.csv", 18, "value_not_allowed", "row"),
    ("importer/SE-IMP/verzendingen.csv", 20, "invalid_date", "row"),
    ("importer/SE-IMP/verzendingen.csv", 21, "ragged_row", "row"),
    ("manufacturer/SE-MFR/survey_answers.parquet", 11, "invalid_score", "row"),
    ("manufacturer/SE-MFR/survey_answers.parquet", 12, "no_answer", "row"),
    ("manufacturer/SE-MFR/survey_answers.parquet", 13, "unknown_invitation", "row"),
    ("manufacturer/SE-MFR/units_built.parquet", 21, "unknown_product", "row"),
    ("manufacturer/SE-MFR/warranty_claims.parquet", 14, "unknown_country", "row"),
    ("manufacturer/SE-MFR/warranty_claims.parquet", 15, "out_of_range", "row"),
    ("shop/SE-S01/receipts_2024.csv", 15, "unknown_product", "row"),
    ("shop/SE-S01/receipts_2024.csv", 16, "out_of_range", "row"),
    ("shop/SE-S01/receipts_2024.csv", 17, "duplicate_row", "row"),
    ("shop/SE-S01/survey.csv", 14, "invalid_score", "row"),
    ("shop/SE-S01/survey.csv", 15, "no_answer", "row"),
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
        "DBT_EXCLUDE_RESOURCE_TYPES": "unit_test",
    }
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
    """Every file that was laid down is read, and none but the deliberate rows fall out of it."""
    health = warehouse.execute("select file_path, file_status, dataset from mart_pipeline_health").fetchall()
    laid_down = {path.relative_to(LANDING).as_posix() for path in LANDING.rglob("*") if path.is_file()}
    assert {path for path, _, _ in health} == laid_down
    assert len(health) == len(laid_down) == 27
    assert {status for _, status, _ in health} == {"loaded"}
    assert len({dataset for _, _, dataset in health}) == 25
    totals = warehouse.execute(
        "select sum(rows_in), sum(rows_accepted), sum(rows_quarantined), sum(rows_erased) from mart_pipeline_health"
    ).fetchone()
    assert totals == (477, 434, 43, 5)


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
    assert set(rows) == {
        ("brand_relationship", 6, 2, 2),
        ("ownership", 6, 3, 3),
        ("post_sale", 6, 3, 3),
        ("post_service", 4, 3, 2),
        ("shop_visit", 6, 3, 4),
        ("post_contact", 4, 2, 3),
    }


def test_who_did_not_answer_still_counts_as_asked(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Invitations, delivered and answered: one bounce and one opt-out, and nothing from the shop."""
    rows = warehouse.execute(
        "select survey_code, count(*), sum(is_delivered)::integer, sum(is_answered)::integer "
        "from fct_survey_invitation join dim_survey using (survey_key) group by all"
    ).fetchall()
    assert set(rows) == {
        ("brand_relationship", 16, 14, 10),
        ("ownership", 16, 16, 12),
        ("post_sale", 17, 17, 12),
        ("post_service", 15, 15, 9),
        ("post_contact", 13, 13, 9),
    }


def test_transactions_and_revenue(warehouse: duckdb.DuckDBPyConnection) -> None:
    """A krona is 0.10 euro in 2023 and 0.09 in 2024."""
    rows = warehouse.execute(
        "select link_code, transaction_kind, is_customer_paid, count(*), sum(revenue_eur) "
        "from fct_transaction join dim_chain_link using (chain_link_key) group by all"
    ).fetchall()
    assert set(rows) == {
        # 11 cars in 2023 and 6 in 2024, of 300,000 SEK each
        ("dealer", "new_unit", True, 17, Decimal("492000.00")),
        # 12 of 5,000 SEK and 1 of 1,000; 8 of 2,000 paid by the manufacturer
        ("dealer", "service", True, 13, Decimal("5490.00")),
        ("dealer", "service", False, 8, Decimal("1440.00")),
        # 14 of 100 SEK in 2023; 13 of 200 and 1 of nothing in 2024
        ("shop", "receipt", True, 28, Decimal("374.00")),
        ("shop", "return", False, 1, Decimal("-10.00")),
    }


def test_people_are_resolved(warehouse: duckdb.DuckDBPyConnection) -> None:
    """19 dealer numbers are 18 people, one of them erased; 6 of 12 cards are new; a strange card and a caller."""
    assert warehouse.execute("select count(*) from dim_customer").fetchone() == (17 + 6 + 1 + 1,)
    # five found by e-mail and one by phone, and a card holder who called the car maker's contact centre
    assert warehouse.execute("select count(*) from dim_customer where chains_met = 2").fetchone() == (7,)
    # were sold without a card
    assert warehouse.execute("select count(*) from fct_transaction where customer_key is null").fetchone() == (2,)
    # C-06 left nothing
    assert warehouse.execute("select contact_no from fct_contact where customer_key is null").fetchall() == [("C-06",)]


def test_accents_survive(warehouse: duckdb.DuckDBPyConnection) -> None:
    """The importer writes Windows-1252, the chain UTF-8; both say the same name, with a quote and a comma within."""
    names = warehouse.execute("select partner_name, owner_name from dim_partner where link_code = 'dealer'").fetchall()
    assert set(names) == {("Åkessons Bil i Växjö", "Åkesson Gruppen AB"), ("Söder Bil i Växjö", "Söder Gruppen AB")}
    shop = warehouse.execute("select partner_name from dim_partner where link_code = 'shop'").fetchall()
    assert shop == [('Växjö Sport, Fritid & "Mer"',)]
