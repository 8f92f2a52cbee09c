"""The published file of the shared build: keys that tools can rely on, and no log of another file."""

import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from trouble import Troubled

from nps_chain.contracts.marts import load_tables
from nps_chain.publishing.publish import publish

WRITER = """
import duckdb, os, sys
connection = duckdb.connect(sys.argv[1])
connection.execute("set checkpoint_threshold = '1TB'")
connection.execute(sys.argv[2])
os._exit(9)
"""
NPS = "select count(*), 100.0 * (sum(is_promoter) - sum(is_detractor)) / count(*) from fct_nps_response"


def whole_numbers(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Published columns of whole numbers."""
    return connection.execute(
        "select table_name, column_name from duckdb_columns() where database_name = 'published' "
        "and data_type in ('BIGINT', 'HUGEINT', 'UBIGINT') order by all"
    ).fetchall()


def test_whole_numbers_survive_tools_that_read_doubles(troubled: Troubled) -> None:
    with troubled.warehouse.open() as connection:
        columns = whole_numbers(connection)
        assert {("dim_partner", "partner_key"), ("fct_transaction", "transaction_key")} <= set(columns)
        changed = [
            (table, column)
            for table, column in columns
            # Python's floats are the oracle
            for (value,) in connection.execute(f'select distinct "{column}" from published."{table}"').fetchall()
            if value is not None and int(float(value)) != value
        ]
    assert changed == []


def test_keys_of_files_are_those_of_the_intake(troubled: Troubled) -> None:
    """Each row leads back to its file: no two files' lines meet."""
    with troubled.warehouse.open() as connection:
        range_of_file = "files.file_id + 1 and files.file_id + files.rows_in + 2"
        meeting = connection.execute(
            "select facts.transaction_key from published.fct_transaction as facts "
            "inner join published.mart_pipeline_health as files "
            f"on facts.transaction_key between {range_of_file} group by all having count(*) <> 1"
        ).fetchall()
    assert meeting == []


def test_primary_keys_are_published(troubled: Troubled) -> None:
    with troubled.warehouse.open() as connection:
        keys = connection.execute(
            "select table_name, constraint_column_names from duckdb_constraints() "
            "where database_name = 'published' and constraint_type = 'PRIMARY KEY'"
        ).fetchall()
    assert dict(keys) == {table.name: list(table.key) for table in load_tables() if table.key}


@pytest.mark.parametrize(
    "statement",
    [
        "update fct_nps_response set score = 10, is_promoter = 1, is_detractor = 0",
        "delete from fct_nps_response where is_detractor = 1",
        "drop table mart_nps_by_link",
    ],
    ids=["update", "delete", "drop"],
)
def test_log_of_the_old_file_does_not_change_the_new_one(troubled: Troubled, tmp_path: Path, statement: str) -> None:
    published = tmp_path / "nps_chain.duckdb"
    shutil.copyfile(troubled.warehouse.published, published)
    with duckdb.connect(str(published), read_only=True) as connection:
        right = connection.execute(NPS).fetchall(), len(connection.execute("show tables").fetchall())
    done = subprocess.run([sys.executable, "-c", WRITER, str(published), statement], check=False)
    assert done.returncode == 9 and published.with_name("nps_chain.duckdb.wal").stat().st_size > 0
    publish(troubled.warehouse.work, published)
    assert [path.name for path in tmp_path.iterdir()] == ["nps_chain.duckdb"]
    with duckdb.connect(str(published)) as connection:
        assert (connection.execute(NPS).fetchall(), len(connection.execute("show tables").fetchall())) == right


def test_no_figure_of_earned_growth_is_null_without_a_reason(troubled: Troubled) -> None:
    with troubled.warehouse.open() as connection:
        rows = connection.execute("from published.mart_earned_growth").df()
    figures = rows.drop(columns="missing_evidence")
    assert (figures.isna().any(axis=1) == rows["missing_evidence"].notna()).all()
