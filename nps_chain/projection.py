"""From raw fields to the columns of a raw Parquet file: one query for every format and both ways of reading."""

import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from nps_chain.contract import Dataset
from nps_chain.files import LandingFile
from nps_chain.identity import identity_sql

NULL_TEXT = "cast(null as varchar)"


@dataclass(frozen=True)
class Relation:
    """A query giving file_index, sequence and raw fields, and the SQL by which each of our columns is found in it.

    `facts` holds per file_index the file, its calling code, and what to subtract from `sequence` for its line.
    """

    query: str
    source: dict[str, str]
    facts: tuple[tuple[LandingFile, str | None, int], ...]


def literal(value: str | None) -> str:
    """The value as an SQL literal."""
    return NULL_TEXT if value is None else "'" + value.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """The name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def path_list(paths: list[Path]) -> str:
    """The paths as an SQL list, with the characters escaped that would make a pattern of them."""
    return "[" + ", ".join(literal(re.sub(r"([*?\[])", r"[\1]", str(path))) for path in paths) + "]"


def schema(dataset: Dataset) -> dict[str, str]:
    """Column names and types of the data set's raw Parquet file."""
    columns = {"file_id": "integer", "line_number": "bigint"}
    if dataset.has_partner_folder:
        columns["partner_code"] = "varchar"
    for column in dataset.stored_columns:
        columns[column.alias] = "bigint" if column.identity else "varchar"
    return columns


def create_table(connection: duckdb.DuckDBPyConnection, name: str, dataset: Dataset) -> None:
    """An empty temporary table with the raw file's schema."""
    columns = ", ".join(f"{identifier(column)} {kind}" for column, kind in schema(dataset).items())
    connection.execute(f"create or replace temp table {name} ({columns})")


def select_sql(dataset: Dataset, relation: Relation) -> str:
    """The query that turns a relation into rows of the raw file."""
    source = {column.name: relation.source.get(column.name, NULL_TEXT) for column in dataset.columns}
    columns = ["facts.file_id", "cast(raw.sequence - facts.row_offset as bigint) as line_number"]
    if dataset.has_partner_folder:
        source["partner_code"] = "facts.partner_code"
        columns.append("facts.partner_code")
    for column in dataset.stored_columns:
        value = identity_sql(dataset, column, source) if column.identity else f"clean({source[column.name]})"
        columns.append(f"{value} as {identifier(column.alias)}")
    facts = ", ".join(
        f"({index}, {file.file_id}, {literal(file.partner_code)}, {literal(calling_code)}, {row_offset})"
        for index, (file, calling_code, row_offset) in enumerate(relation.facts)
    )
    return (
        f"select {', '.join(columns)} from ({relation.query}) as raw "
        f"inner join (values {facts}) as facts (file_index, file_id, partner_code, calling_code, row_offset) "
        "on raw.file_index = facts.file_index"
    )
