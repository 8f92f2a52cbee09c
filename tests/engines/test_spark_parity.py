"""Both engines publish the same tables from the same landing folder, on a Spark with two workers.

The folder holds the corpus of bad input, which knows every way to write a value, a small demo, which has enough answers
for every statistic, and the real data. `make parity LANDING=path` compares a folder of your own instead.
"""

import csv
import hashlib
import os
import shutil
from itertools import islice
from pathlib import Path

import duckdb
import pytest
from bad_input.corpus import lay_corpus
from landing_builder import FIXTURES, PROJECT, TEST_KEY, Warehouse, build
from parity import differences
from real_data import CDNOW, ENGLISH, SPANISH, lay_cdnow, lay_survey, read_purchases

from demo.generate import generate
from nps_chain.people import registry
from nps_chain.raw_folder import CUSTOMER_KEYS

LANDING_VARIABLE = "NPS_PARITY_LANDING"
SCALE, SEED = 0.1, 5
DEALER = "DLR-NL-001"
PEOPLE_WITH_KEYS = 40
PYTHON = PROJECT / ".venv-spark" / "bin" / "python"
SPARK = {
    "NPS_ENGINE": "spark",
    "NPS_SPARK_MASTER": "local-cluster[2,1,1024]",
    "NPS_SPARK_PARTITIONS": "2",
    # what suits tables of a few rows
    "SPARK_CONF_DIR": str(FIXTURES / "spark"),
}


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if named := os.environ.get(LANDING_VARIABLE):
        return Path(named).resolve()
    folder = tmp_path_factory.mktemp("landing") / "landing"
    generate(folder, folder.with_name("truth.json"), SCALE, SEED)
    lay_survey(folder)
    lay_cdnow(folder, read_purchases())
    lay_corpus(folder, partners="chain/partners_corpus.csv", rates="chain/exchange_rates_corpus.csv")
    return folder


def hashed(kind: str, value: str) -> int:
    """The keyed hash of an identity, as docs/landing.md describes it."""
    return int(hashlib.sha256(f"{TEST_KEY}|{kind}|{value}".encode()).hexdigest()[:15], 16)


def lay_earlier_keys(landing: Path, warehouse: Path) -> None:
    """Keys of an earlier build, in which a dealer's customers were two by two one, and their addresses apart."""
    file = landing / "dealer" / DEALER / "customers.csv"
    if not file.is_file():
        return
    with file.open(encoding="utf-8", newline="") as stream:
        people = [row for row in csv.DictReader(stream) if "@" in row["email"]]
    keys = []
    for number, row in enumerate(islice(people, PEOPLE_WITH_KEYS)):
        keys.append((hashed("customer", f"{DEALER}|{row['customer_no']}"), 1 + number // 2))
        keys.append((hashed("email", row["email"].lower()), 1 + PEOPLE_WITH_KEYS + number))
    values = ", ".join(f"({node}::bigint, {key}::bigint)" for node, key in keys)
    warehouse.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        registry.keep(
            connection,
            warehouse / "kept",
            {CUSTOMER_KEYS: f"select * from (values {values}) as keys (node_key, customer_key)"},
        )


@pytest.fixture(scope="module")
def on_duckdb(landing: Path, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    folder = tmp_path_factory.mktemp("duckdb") / "warehouse"
    (folder / "spark" / "marts.db").mkdir(parents=True)
    lay_earlier_keys(landing, folder)
    return build(landing, folder, data_tests=False)


@pytest.fixture(scope="module")
def on_spark(landing: Path, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    assert PYTHON.is_file(), "there is no environment with Spark; run `make setup-spark`"
    folder = tmp_path_factory.mktemp("spark") / "warehouse"
    lay_earlier_keys(landing, folder)
    # Equal tables have equal data tests; that these run on Spark too, `make parity` sees, which names a folder or none.
    data_tests = LANDING_VARIABLE in os.environ
    return build(landing, folder, data_tests=data_tests, python=str(PYTHON), variables=SPARK)


def test_both_engines_publish_the_same(on_duckdb: Warehouse, on_spark: Warehouse) -> None:
    assert differences(on_duckdb.published, on_spark.published) == []
    rows = rows_per_table(on_duckdb.published)
    print(f"\n{len(rows)} tables, {sum(rows.values()):,} rows: no difference; empty: {empty(rows) or 'none'}")


def test_tables_of_an_earlier_build_on_spark_are_gone(on_duckdb: Warehouse) -> None:
    """They may hold people who were erased since."""
    assert not (on_duckdb.work.parent / "spark").exists()


def test_every_table_has_rows(on_duckdb: Warehouse) -> None:
    """Two empty tables are equal whatever the engines do."""
    assert empty(rows_per_table(on_duckdb.published)) == []


def test_the_real_data_are_among_them(on_duckdb: Warehouse) -> None:
    """To the last purchase and answer, with the retention that follows from them."""
    with duckdb.connect(str(on_duckdb.published), read_only=True) as connection:
        rows = connection.execute(
            "select partner_code, (select count(*) from fct_transaction where partner_key = dim_partner.partner_key), "
            "(select count(*) from fct_nps_response where partner_key = dim_partner.partner_key), "
            "(select count(*) from fct_retention where partner_key = dim_partner.partner_key) > 0 "
            "from dim_partner where partner_code in (?, ?, ?) order by all",
            [CDNOW, ENGLISH, SPANISH],
        ).fetchall()
    assert rows == [(CDNOW, 69_659, 23_570, True), (ENGLISH, 0, 3_018, False), (SPANISH, 0, 260, False)]


def rows_per_table(published: Path) -> dict[str, int]:
    """Rows of every published table."""
    with duckdb.connect(str(published), read_only=True) as connection:
        names = [name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()]
        return {name: connection.execute(f"select count(*) from {name}").fetchone()[0] for name in names}


def empty(rows: dict[str, int]) -> list[str]:
    """Tables without rows."""
    return sorted(name for name, count in rows.items() if not count)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            "delete from dim_product where product_key = (select min(product_key) from dim_product)",
            "dim_product: 1 rows",
        ),
        ("insert into fct_contact from fct_contact limit 1", "fct_contact: 0 rows of the first and 1"),
        ("update fct_transaction set revenue_eur = revenue_eur + 0.01 where rowid = 0", "fct_transaction: 1 rows"),
        ("update mart_weakest_link set nps = nps * (1 + 1e-8) where nps is not null", "mart_weakest_link.nps: "),
        ("update mart_weakest_link set nps = null where nps is not null", "mart_weakest_link.nps: "),
        ("alter table dim_date alter calendar_year type bigint", "dim_date has other columns"),
        ("drop table mart_nps_change", "mart_nps_change is in one of the files only"),
    ],
)
def test_a_planted_difference_is_found(on_duckdb: Warehouse, tmp_path: Path, change: str, found: str) -> None:
    other = tmp_path / "other.duckdb"
    shutil.copyfile(on_duckdb.published, other)
    with duckdb.connect(str(other)) as connection:
        connection.execute(change)
    sentences = differences(on_duckdb.published, other)
    assert len(sentences) == 1 and found in sentences[0]


def test_a_difference_of_rounding_is_none(on_duckdb: Warehouse, tmp_path: Path) -> None:
    other = tmp_path / "other.duckdb"
    shutil.copyfile(on_duckdb.published, other)
    with duckdb.connect(str(other)) as connection:
        connection.execute("update mart_weakest_link set nps = nps * (1 + 1e-12)")
    assert differences(on_duckdb.published, other) == []
