"""The contracts of the public tables, from models/: columns, types, what is never null, the key, descriptions."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

from nps_chain.settings import ROOT

MODELS = ROOT / "models"
# What the names of public models begin with.
PREFIXES = ("dim_", "fct_", "mart_")
# Schemas of the working database whose tables are published.
PUBLISHED_SCHEMAS = ("marts",)


@dataclass(frozen=True)
class Column:
    """A column of a model's contract."""

    name: str
    kind: str
    is_required: bool
    description: str


@dataclass(frozen=True)
class Table:
    """A public table as its model's contract describes it."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    description: str

    def has(self, name: str) -> bool:
        """Whether the contract has the column."""
        return any(column.name == name for column in self.columns)


@cache
def load_tables(folder: Path = MODELS) -> tuple[Table, ...]:
    """The contracts of all public models, with the types as DuckDB calls them; read once for checks and publishing."""
    documents = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.yml"))]
    models = [model for document in documents for model in (document or {}).get("models") or []]
    with duckdb.connect() as connection:
        tables = (_table(connection, model) for model in models if model["name"].startswith(PREFIXES))
        return tuple(sorted(tables, key=lambda table: table.name))


def _table(connection: duckdb.DuckDBPyConnection, model: dict[str, Any]) -> Table:
    columns = tuple(
        Column(
            name=entry["name"],
            kind=_kind(connection, entry["data_type"]),
            is_required=any(constraint["type"] == "not_null" for constraint in entry.get("constraints", [])),
            description=entry.get("description", "").strip(),
        )
        for entry in model["columns"]
    )
    keys = [constraint["columns"] for constraint in model.get("constraints", []) if constraint["type"] == "primary_key"]
    keys += [[entry["name"]] for entry in model["columns"] if _is_key(entry)]
    return Table(model["name"], columns, tuple(keys[0]) if keys else (), model.get("description", "").strip())


def _is_key(entry: dict[str, Any]) -> bool:
    """Whether a column alone is the key: by a constraint, or by a test, with or without a configuration."""
    constraints = {constraint["type"] for constraint in entry.get("constraints", [])}
    tests = {name for test in entry.get("data_tests", []) for name in ([test] if isinstance(test, str) else test)}
    return "unique" in tests or not constraints.isdisjoint(("primary_key", "unique"))


def _kind(connection: duckdb.DuckDBPyConnection, data_type: str) -> str:
    row = connection.execute(f"select typeof(cast(null as {data_type}))").fetchone()
    return str(row[0]) if row else data_type
