"""The contracts of the public tables, from models/: columns, types, what is never null, the key, descriptions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from pydantic import BaseModel

from nps_chain.contracts.documents import checked, read_yaml
from nps_chain.errors import UserError
from nps_chain.settings import ROOT

MODELS = ROOT / "models"
# What the names of public models begin with.
PREFIXES = ("dim_", "fct_", "mart_")
# Schemas of the working database whose tables are published.
PUBLISHED_SCHEMAS = ("marts",)
DOC_BLOCK = re.compile(r"{%-?\s*docs\s+(\w+)\s*-?%}(.*?){%-?\s*enddocs\s*-?%}", re.DOTALL)
DOC_CALL = re.compile(r"{{\s*doc\(\s*['\"](\w+)['\"]\s*\)\s*}}")


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


class _Constraint(BaseModel):
    """A constraint of a model or of a column, as dbt's properties have it."""

    type: str
    columns: tuple[str, ...] = ()


class _Column(BaseModel):
    """What is read of a column's properties."""

    name: str
    data_type: str
    description: str = ""
    constraints: tuple[_Constraint, ...] = ()
    data_tests: tuple[str | dict[str, Any], ...] = ()

    def has(self, *kinds: str) -> bool:
        """Whether there is a constraint of one of these types."""
        return any(constraint.type in kinds for constraint in self.constraints)

    @property
    def is_key(self) -> bool:
        """Whether the column alone is the key: by a constraint, or by a test, with or without a configuration."""
        tests = {name for test in self.data_tests for name in ([test] if isinstance(test, str) else test)}
        return "unique" in tests or self.has("primary_key", "unique")


class _Model(BaseModel):
    """What is read of a model's properties."""

    name: str
    description: str = ""
    columns: tuple[_Column, ...] = ()
    constraints: tuple[_Constraint, ...] = ()


@cache
def load_tables(folder: Path = MODELS) -> tuple[Table, ...]:
    """The contracts of all public models, with the types as DuckDB calls them; read once for checks and publishing."""
    documents = [read_yaml(path, f"The file {path.name} of models") for path in sorted(folder.rglob("*.yml"))]
    models = [model for document in documents for model in (document or {}).get("models") or []]
    blocks = _doc_blocks(folder)
    with duckdb.connect() as connection:
        tables = (
            _table(connection, checked(_Model, model, f"The contract of {model['name']} is not valid:"), blocks)
            for model in models
            if model["name"].startswith(PREFIXES)
        )
        return tuple(sorted(tables, key=lambda table: table.name))


def _table(connection: duckdb.DuckDBPyConnection, model: _Model, blocks: Mapping[str, str]) -> Table:
    columns = tuple(
        Column(
            name=column.name,
            kind=_kind(connection, column.data_type),
            is_required=column.has("not_null"),
            description=_description(column.description, blocks),
        )
        for column in model.columns
    )
    keys = [constraint.columns for constraint in model.constraints if constraint.type == "primary_key"]
    keys += [(column.name,) for column in model.columns if column.is_key]
    return Table(model.name, columns, keys[0] if keys else (), _description(model.description, blocks))


def _kind(connection: duckdb.DuckDBPyConnection, data_type: str) -> str:
    row = connection.execute(f"select typeof(cast(null as {data_type}))").fetchone()
    return str(row[0]) if row else data_type


def _doc_blocks(folder: Path) -> dict[str, str]:
    """The descriptions that several columns share, by name."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.md"))]
    return {name: text.strip() for page in texts for name, text in DOC_BLOCK.findall(page)}


def _description(text: str, blocks: Mapping[str, str]) -> str:
    """The description in full, where it names a doc block."""

    def block(match: re.Match[str]) -> str:
        if match[1] not in blocks:
            raise UserError(f"A description names the doc block {match[1]}, which stands in no file under models/.")
        return blocks[match[1]]

    return DOC_CALL.sub(block, text).strip()
