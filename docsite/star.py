"""The star as contracts tell it: keys, and which column leads to which table.

A dimension's key is the one its contract holds. A fact's own key is its first column, a `_key` whose description names
no other table. Every other `_key` whose description names a table of the star ("Survey; dim_survey.") leads to that
table's key. A fact's days lead to dim_date.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from nps_chain.contracts.marts import Column, Table

CALENDAR = "dim_date"
_NAMED = re.compile(r"\b(?:dim|fct)_\w+")


@dataclass(frozen=True)
class Edge:
    """A column that leads to the key of another table."""

    table: str
    column: str
    to: str
    to_column: str


@dataclass(frozen=True)
class Star:
    """The dimensions, the facts, and what joins them."""

    dimensions: tuple[Table, ...]
    facts: tuple[Table, ...]
    edges: tuple[Edge, ...]

    @property
    def tables(self) -> tuple[Table, ...]:
        """All tables, dimensions first."""
        return self.dimensions + self.facts

    def edges_of(self, table: str) -> tuple[Edge, ...]:
        """What leads from a table to others."""
        return tuple(edge for edge in self.edges if edge.table == table)


def read_star(tables: Iterable[Table]) -> Star:
    """Pick dimensions and facts out of the public tables, and find their edges."""
    public = sorted(tables, key=lambda table: table.name)
    dimensions = tuple(table for table in public if table.name.startswith("dim_"))
    facts = tuple(table for table in public if table.name.startswith("fct_"))
    keys = {table.name: key for table in dimensions + facts if (key := own_key(table))}
    edges = [edge for table in dimensions + facts for edge in _edges(table, keys)]
    return Star(dimensions, facts, tuple(edges))


def own_key(table: Table) -> str | None:
    """The one column that names a row; None where it takes more than one."""
    if table.key:
        return table.key[0] if len(table.key) == 1 else None
    first = table.columns[0]
    return first.name if first.name.endswith("_key") and not _named(first, table) else None


def _edges(table: Table, keys: dict[str, str]) -> list[Edge]:
    edges = []
    for column in table.columns:
        if column.name == keys.get(table.name):
            continue
        named = _named(column, table)
        if named in keys and column.name.endswith("_key"):
            edges.append(Edge(table.name, column.name, named, keys[named]))
        elif is_day(column) and table.name.startswith("fct_") and CALENDAR in keys:
            edges.append(Edge(table.name, column.name, CALENDAR, keys[CALENDAR]))
    return edges


def is_day(column: Column) -> bool:
    """Whether a column is a day of the calendar."""
    return column.kind == "DATE"


def _named(column: Column, table: Table) -> str:
    """The other table that a description names."""
    return next((name for name in _NAMED.findall(column.description) if name != table.name), "")
