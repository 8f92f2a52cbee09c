"""Run the project's compiled SQL on tables that a test makes up.

dbt compiles the project once. A test then fills the tables that a model refers to in a DuckDB of its own, in memory,
and runs the model's compiled query there: the very SQL of the warehouse, without building the warehouse.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner

PROJECT = Path(__file__).resolve().parents[1]
DATABASE = "compiled"
# what the NPS marts say of non-response, behind the cells of who was asked and who answered
NONRESPONSE_MODELS = ("int_link_nonresponse", "int_partner_nonresponse", "int_mode_mix_change")
NONRESPONSE = ("int_nonresponse_cell", "comparisons", *NONRESPONSE_MODELS)
CELL_TYPES = {
    **dict.fromkeys(("partner_code", "segment"), "varchar"),
    **dict.fromkeys(("chain_link_key", "channel_key", "weighting_channel_key", "tenure_band_key"), "integer"),
    "quarter_start_on": "date",
    **dict.fromkeys(("population", "invitations", "completes", "partials", "refusals", "unknowns"), "bigint"),
    **dict.fromkeys(("responses", "promoters", "passives", "detractors"), "bigint"),
}


@dataclass(frozen=True)
class CompiledProject:
    """The compiled queries and the tables they read, by the node's name."""

    queries: dict[str, str]
    relations: dict[str, str]


def compile_project(
    folder: Path, selection: list[str], variables: dict[str, object] | None = None, checkout: Path = PROJECT
) -> CompiledProject:
    """Compile the selected nodes; `folder` takes dbt's artefacts and its (empty) database; `variables` replace vars."""
    runner = dbtRunner()
    previous = os.environ.get("NPS_WORK_DB")
    os.environ["NPS_WORK_DB"] = str(folder / f"{DATABASE}.duckdb")
    try:
        outcome = runner.invoke(
            [
                "--quiet",
                "compile",
                *("--select", *selection),
                *("--vars", json.dumps(variables or {})),
                *("--project-dir", str(checkout)),
                *("--profiles-dir", str(checkout)),
                *("--target-path", str(folder / "target")),
                *("--log-path", str(folder / "logs")),
            ]
        )
    finally:
        if previous is None:
            del os.environ["NPS_WORK_DB"]
        else:
            os.environ["NPS_WORK_DB"] = previous
    if not outcome.success:
        raise RuntimeError(f"dbt compile failed: {outcome.exception or outcome.result}")
    if not isinstance(outcome.result, RunExecutionResult):
        raise RuntimeError(f"dbt compile gave no nodes: {outcome.result}")
    nodes: dict[str, Any] = {result.node.name: result.node for result in outcome.result.results}
    missing = set(selection) - set(nodes)
    if missing:
        raise RuntimeError(f"dbt compiled nothing for {sorted(missing)}")
    return CompiledProject(
        queries={name: node.compiled_code for name, node in nodes.items()},
        relations={name: node.relation_name for name, node in nodes.items() if node.relation_name},
    )


def close(actual: object, expected: object, tolerance: float = 1e-9) -> None:
    """Assert equality to an absolute tolerance, relative beyond 1; missing only where missing is expected."""
    np.testing.assert_allclose(
        np.asarray(actual, dtype=float), np.asarray(expected, dtype=float), rtol=tolerance, atol=tolerance
    )


class Sandbox:
    """A DuckDB in memory with the project's schemas and only the tables that the test gives."""

    def __init__(self, project: CompiledProject) -> None:
        self.project = project
        self.connection = duckdb.connect(":memory:")
        self.connection.execute(f"attach ':memory:' as {DATABASE}")
        self.given: set[str] = set()

    def give(self, node: str, rows: pd.DataFrame, types: dict[str, str] | None = None) -> None:
        """Make the table of a model or seed from rows; `types` casts columns that pandas cannot type (all null)."""
        casts = ", ".join(f"cast({column} as {kind}) as {column}" for column, kind in (types or {}).items())
        self.connection.register("given_rows", rows)
        replaced = f" replace ({casts})" if casts else ""
        self.given.add(self._create(node, f"select *{replaced} from given_rows"))
        self.connection.unregister("given_rows")

    def give_comparisons(self) -> None:
        """The seed of comparisons."""
        self.give("comparisons", pd.read_csv(PROJECT / "seeds" / "comparisons.csv"))

    def leave_out_nonresponse(self, cells: pd.DataFrame | None = None) -> None:
        """Build what the NPS marts say of non-response from these cells, or none, for tests of everything else."""
        self.give(
            "int_nonresponse_cell", pd.DataFrame(columns=list(CELL_TYPES)) if cells is None else cells, CELL_TYPES
        )
        self.give_comparisons()
        for node in NONRESPONSE_MODELS:
            self.build(node)

    def build(self, node: str) -> pd.DataFrame:
        """Run a model's compiled query, keep its table for the models after it, and return the rows."""
        relation = self._create(node, self.project.queries[node])
        return self.connection.execute(f"select * from {relation}").df()

    def assert_order_does_not_matter(self, nodes: list[str]) -> None:
        """Build them, then again with all given rows in other orders: the same to the last digit."""
        first = {node: _ordered(self.build(node)) for node in nodes}
        assert all(len(rows) for rows in first.values()), "empty tables are equal in any order"
        for seed in (1, 2):
            for relation in self.given:
                query = f"select * from {relation} order by hash(rowid + {seed})"
                self.connection.execute(f"create or replace table {relation} as {query}")
            for node, rows in first.items():
                pd.testing.assert_frame_equal(_ordered(self.build(node)), rows, check_exact=True, obj=node)

    def probe(self, node: str, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
        """Run an analysis on tables that it names without ref()."""
        for name, rows in tables.items():
            self.connection.register(name, rows)
        return self.connection.execute(self.project.queries[node]).df()

    def _create(self, node: str, query: str) -> str:
        relation = self.project.relations[node]
        schema = relation.rpartition(".")[0]
        self.connection.execute(f"create schema if not exists {schema}")
        self.connection.execute(f"create or replace table {relation} as {query}")
        return relation


def _ordered(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows in the order of all their columns."""
    return rows.sort_values(list(rows.columns), ignore_index=True)
