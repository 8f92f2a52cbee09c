"""Plans over the demo that would not do on large data, by the rows that DuckDB expects.

No model joins two large tables by comparing every row with every row, which grows with the square of the data: DuckDB
does so where a join has no equality that it can hash, or a condition on one side alone. And no model that reads every
row of a data set keeps a copy of them: DuckDB does so where a CTE is read twice and isn't an `inline_cte`.
"""

import json
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
FEW_IN_TRUTH = {"repeated_keys", "repeated"}
# beside the base models
READ_EVERY_ROW = (
    "int_contact",
    "int_survey_invitation",
    "int_survey_response",
    "int_link_meeting",
    "int_link_exposure",
)

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


def kept_copies(node: dict[str, Any]) -> list[tuple[str, float]]:
    """CTEs of a plan whose rows are kept, with the rows expected of them."""
    found = [copy for child in node["children"] for copy in kept_copies(child)]
    if node["name"].strip() == "CTE":
        found.append((node["extra_info"]["CTE Name"], expected_rows(node["children"][0])))
    return found


def plan(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """The roots of a query's plan."""
    return json.loads(connection.execute(f"explain (format json) {query}").fetchall()[0][1])


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """The plans of all models over the demo."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("NPS_RAW", str(SETTINGS.raw))
        names = sorted(path.stem for path in (PROJECT / "models").rglob("*.sql"))
        compiled = compile_project(tmp_path_factory.mktemp("plans"), names).queries
    queries = {name: query.replace(f'"{DATABASE}".', f'"{WORK.stem}".') for name, query in compiled.items()}
    assert len(queries) > 100
    with duckdb.connect() as connection:
        # its views name their database
        connection.execute(f"attach '{WORK}' as {WORK.stem} (read_only)")
        return {name: plan(connection, query) for name, query in queries.items()}


@needs_demo
def test_no_join_compares_every_row_with_every_row(plans: dict[str, list[dict[str, Any]]]) -> None:
    large = {
        name: joins
        for name, roots in plans.items()
        if (joins := [join for root in roots for join in pairwise_joins(root) if join[1] > FEW_ROWS])
    }
    assert large == {}


@needs_demo
def test_no_row_of_a_data_set_is_kept_twice(plans: dict[str, list[dict[str, Any]]]) -> None:
    copies = {
        name: found
        for name, roots in plans.items()
        if name.startswith("base_") or name in READ_EVERY_ROW
        if (found := [copy for root in roots for copy in kept_copies(root) if copy[1] > FEW_ROWS])
    }
    # what comes twice is little, whatever DuckDB expects
    kept = {name: ctes for name, found in copies.items() if (ctes := {cte for cte, _ in found} - FEW_IN_TRUTH)}
    assert kept == {}


def test_a_kept_copy_is_seen() -> None:
    with duckdb.connect() as connection:
        connection.execute("create table a as select range as k from range(5000)")
        query = "with b as {} (select k, hash(k) as h from a) select * from b union all select * from b where h > 0"
        (kept,), (inlined,) = plan(connection, query.format("")), plan(connection, query.format("not materialized"))
    assert kept_copies(kept) == [("b", 5000)]
    assert kept_copies(inlined) == []


@pytest.mark.parametrize(
    ("condition", "is_pairwise"),
    [("a.k = b.k", False), ("a.k = b.k or b.k is null", True), ("a.k < b.k + a.v and a.v <> b.v", True)],
)
def test_such_a_join_is_seen(condition: str, is_pairwise: bool) -> None:
    with duckdb.connect() as connection:
        for name in "ab":
            connection.execute(f"create table {name} as select range as k, range % 7 as v from range(5000)")
        (root,) = plan(connection, f"select * from a left join b on {condition}")
    assert bool([rows for _, rows in pairwise_joins(root) if rows > FEW_ROWS]) == is_pairwise
