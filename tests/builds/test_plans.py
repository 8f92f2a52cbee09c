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
from study.sql_harness import DATABASE, PROJECT, CompiledProject

WORK = load_settings().work_database
PAIRWISE = {"BLOCKWISE_NL_JOIN", "NESTED_LOOP_JOIN", "CROSS_PRODUCT"}
# periods, bands, links, their quarters, replicates: what has no more rows on the demo hardly grows with the data
FEW_ROWS = 600
# what comes twice is little, whatever DuckDB expects
FEW_IN_TRUTH = {"repeated_keys", "repeated"}
# beside the base models
READ_EVERY_ROW = (
    "int_contact",
    "int_survey_invitation",
    "int_survey_response",
    "int_link_meeting",
    "int_link_exposure",
)

Plan = list[dict[str, Any]]

needs_demo = pytest.mark.skipif(not WORK.is_file(), reason="make test builds the demo first and names its warehouse")


def expected_rows(node: dict[str, Any]) -> float:
    """The rows that DuckDB expects of a node: its own figure, but 1 of an aggregate over all that it only passes on."""
    estimate = float(str(node.get("extra_info", {}).get("Estimated Cardinality", 0)).lstrip("~"))
    while node["name"].strip() != "UNGROUPED_AGGREGATE":
        if len(node["children"]) != 1 or node["name"].strip() not in ("PROJECTION", "FILTER"):
            return estimate
        node = node["children"][0]
    return 1


def pairwise_joins(plan: Plan) -> list[tuple[str, float]]:
    """Joins that compare every row with every row, with the rows of their smaller side."""
    return [
        (name, min(expected_rows(child) for child in node["children"]))
        for node in plan
        if (name := node["name"].strip()) in PAIRWISE
    ]


def kept_copies(plan: Plan) -> list[tuple[str, float]]:
    """CTEs whose rows are kept, with the rows expected of them."""
    return [
        (node["extra_info"]["CTE Name"], expected_rows(node["children"][0]))
        for node in plan
        if node["name"].strip() == "CTE"
    ]


def plan_of(connection: duckdb.DuckDBPyConnection, query: str) -> Plan:
    """The nodes of a query's plan."""
    nodes = json.loads(connection.execute(f"explain (format json) {query}").fetchall()[0][1])
    for node in nodes:
        nodes += node["children"]
    return nodes


@pytest.fixture(scope="module")
def plans(project: CompiledProject) -> dict[str, Plan]:
    """The plans of all models over the demo, whose raw folder the compiled queries name."""
    names = sorted(path.stem for path in (PROJECT / "models").rglob("*.sql"))
    queries = {name: project.queries[name].replace(f'"{DATABASE}".', f'"{WORK.stem}".') for name in names}
    assert len(queries) > 100
    with duckdb.connect() as connection:
        # its views name their database
        connection.execute(f"attach '{WORK}' as {WORK.stem} (read_only)")
        return {name: plan_of(connection, query) for name, query in queries.items()}


@needs_demo
def test_no_join_compares_every_row_with_every_row(plans: dict[str, Plan]) -> None:
    large = {
        name: joins
        for name, plan in plans.items()
        if (joins := [join for join in pairwise_joins(plan) if join[1] > FEW_ROWS])
    }
    assert large == {}


@needs_demo
def test_no_row_of_a_data_set_is_kept_twice(plans: dict[str, Plan]) -> None:
    kept = {
        name: ctes
        for name, plan in plans.items()
        if name.startswith("base_") or name in READ_EVERY_ROW
        if (ctes := {cte for cte, rows in kept_copies(plan) if rows > FEW_ROWS} - FEW_IN_TRUTH)
    }
    assert kept == {}


def test_a_kept_copy_is_seen() -> None:
    with duckdb.connect() as connection:
        connection.execute("create table a as select range as k from range(5000)")
        query = "with b as {} (select k, hash(k) as h from a) select * from b union all select * from b where h > 0"
        kept, inlined = (plan_of(connection, query.format(how)) for how in ("", "not materialized"))
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
        joins = pairwise_joins(plan_of(connection, f"select * from a left join b on {condition}"))
    assert bool([rows for _, rows in joins if rows > FEW_ROWS]) == is_pairwise
