"""No model joins two large tables by comparing every row with every row, which grows with the square of the data.

DuckDB does so where a join has no equality that it can hash, or a condition on one side alone. Asked of the plans over
the demo, by the rows that DuckDB expects.
"""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from nps_chain.settings import load_settings
from study.sql_harness import DATABASE, PROJECT, compile_project

SETTINGS = load_settings()
WORK = SETTINGS.work_database
PAIRWISE = {"BLOCKWISE_NL_JOIN", "NESTED_LOOP_JOIN", "CROSS_PRODUCT"}
# periods, bands, links, their quarters, replicates: what has no more rows on the demo hardly grows with the data
FEW_ROWS = 600

needs_demo = pytest.mark.skipif(not WORK.is_file(), reason="make test builds the demo first and names its warehouse")


def expected_rows(node: dict[str, Any]) -> float:
    """The rows that DuckDB expects of a node: its own figure, but 1 of an aggregate over all that it only passes on."""
    estimate = float(str(node.get("extra_info", {}).get("Estimated Cardinality", 0)).lstrip("~"))
    while node["name"].strip() != "UNGROUPED_AGGREGATE":
        if len(node["children"]) != 1 or node["name"].strip() not in ("PROJECTION", "FILTER"):
            return estimate
        node = node["children"][0]
    return 1


def pairwise_joins(node: dict[str, Any]) -> list[tuple[str, float]]:
    """Joins of a plan that compare every row with every row, with the rows of their smaller side."""
    found = [join for child in node["children"] for join in pairwise_joins(child)]
    if node["name"].strip() in PAIRWISE:
        found.append((node["name"].strip(), min(expected_rows(child) for child in node["children"])))
    return found


def plan(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[str, float]]:
    """Pairwise joins of a query."""
    text = connection.execute(f"explain (format json) {query}").fetchall()[0][1]
    return [join for root in json.loads(text) for join in pairwise_joins(root)]


@needs_demo
def test_no_join_compares_every_row_with_every_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NPS_RAW", str(SETTINGS.raw))
    names = sorted(path.stem for path in (PROJECT / "models").rglob("*.sql"))
    compiled = compile_project(tmp_path, names).queries
    queries = {name: query.replace(f'"{DATABASE}".', f'"{WORK.stem}".') for name, query in compiled.items()}
    with duckdb.connect() as connection:
        # its views name their database
        connection.execute(f"attach '{WORK}' as {WORK.stem} (read_only)")
        large = {
            name: joins
            for name, query in queries.items()
            if (joins := [join for join in plan(connection, query) if join[1] > FEW_ROWS])
        }
    assert len(queries) > 100
    assert large == {}


@pytest.mark.parametrize(
    ("condition", "is_pairwise"),
    [("a.k = b.k", False), ("a.k = b.k or b.k is null", True), ("a.k < b.k + a.v and a.v <> b.v", True)],
)
def test_such_a_join_is_seen(condition: str, is_pairwise: bool) -> None:
    with duckdb.connect() as connection:
        for name in "ab":
            connection.execute(f"create table {name} as select range as k, range % 7 as v from range(5000)")
        joins = plan(connection, f"select * from a left join b on {condition}")
    assert bool([rows for _, rows in joins if rows > FEW_ROWS]) == is_pairwise
