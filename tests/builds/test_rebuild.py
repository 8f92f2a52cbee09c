"""The same landing folder gives the same warehouse, row for row.

The copies differ in what must not matter: the number of threads of dbt and of DuckDB, and the order in which the files
came to be on disk. Part of `make torture`, since two builds of that size take minutes.
"""

import shutil
from pathlib import Path

import duckdb
import pytest
from landing_builder import build
from torture import LONG

from demo.generate import generate

SEED = 7
# more rows than one row group of DuckDB, so that several threads do share the larger tables
SCALE = 1.1
ROW_GROUP = 122_880


def _copy_backwards(landing: Path, copy: Path) -> Path:
    """Copy a landing folder, its last file first."""
    for file in sorted(landing.rglob("*"), reverse=True):
        if file.is_file():
            target = copy / file.relative_to(landing)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    return copy


def _rows_apart(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    """Rows that one warehouse's table holds and the other's does not, counting repeats."""
    return sum(
        connection.execute(
            f"select count(*) from (from {one}.main.{table} except all from {other}.main.{table})"
        ).fetchone()[0]
        for one, other in (("first", "second"), ("second", "first"))
    )


def _tables(connection: duckdb.DuckDBPyConnection, database: str) -> list[tuple[str, int]]:
    """Tables of a warehouse and their numbers of rows."""
    names = connection.execute(
        "select table_name from duckdb_tables() where database_name = ? order by table_name", [database]
    ).fetchall()
    return [
        (name, connection.execute(f"select count(*) from {database}.main.{name}").fetchone()[0]) for (name,) in names
    ]


@pytest.mark.skipif(not LONG, reason="two builds larger than the demo belong to make torture")
def test_same_folder_same_warehouse(tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    generate(landing, tmp_path / "truth.json", SCALE, SEED)
    first = build(landing, tmp_path / "first", threads=1, data_tests=False)
    copy = _copy_backwards(landing, tmp_path / "copy")
    second = build(copy, tmp_path / "second", threads=4, data_tests=False)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{first.published}' as first (read_only)")
        connection.execute(f"attach '{second.published}' as second (read_only)")
        tables = _tables(connection, "first")
        assert max(rows for _, rows in tables) > ROW_GROUP
        assert tables == _tables(connection, "second")
        assert {table: _rows_apart(connection, table) for table, _ in tables} == dict.fromkeys(dict(tables), 0)
