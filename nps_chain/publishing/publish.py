"""Publishing: the marts as a file of their own, put in place by one atomic rename.

A reader has the whole old file or the whole new one at any time; a publish that is killed leaves the old one.
"""

import os
import shutil
from pathlib import Path

import duckdb

from nps_chain.contracts.marts import PUBLISHED_SCHEMAS, load_tables
from nps_chain.errors import UserError
from nps_chain.memory import connect
from nps_chain.sql_quoting import identifier, literal

# The oldest storage that holds everything we write, so that older engines can read the file.
STORAGE_VERSION = "v1.2.0"
# Tables are written in this order, then by their first date and their first column, so that who reads one partner's
# quarter skips the rest.
SORT_COLUMNS = ("chain_link_key", "partner_key", "partner_code")


def publish(work_database: Path, published: Path) -> int:
    """Copy the published schemas' tables and swap the copy in; return how many tables there are."""
    if not work_database.is_file():
        raise UserError(f"There is nothing to publish: {work_database} does not exist. Run `make build`.")
    published.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(published.parent)
    copy = published.with_name(f".publish-{os.getpid()}.duckdb")
    try:
        tables = _copy_tables(work_database, copy)
        flush(copy)
        copy.replace(published)
        flush(published.parent)
    finally:
        remove_leftovers(published.parent, f".publish-{os.getpid()}.duckdb*")
    return tables


def remove_leftovers(folder: Path, pattern: str = ".publish-*.duckdb*") -> None:
    """Remove what a killed publish left."""
    for leftover in folder.glob(pattern):
        if leftover.is_dir():
            shutil.rmtree(leftover)
        else:
            leftover.unlink()


def _copy_tables(work_database: Path, copy: Path) -> int:
    with connect(copy.with_name(f"{copy.name}.spill")) as connection:
        connection.execute(f"attach {literal(str(work_database))} as work (read_only)")
        connection.execute(f"attach {literal(str(copy))} as published (storage_version {literal(STORAGE_VERSION)})")
        schemas = ", ".join(literal(schema) for schema in PUBLISHED_SCHEMAS)
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() "
            f"where database_name = 'work' and schema_name in ({schemas}) order by table_name"
        ).fetchall()
        if not tables:
            raise UserError(f"There is nothing to publish: {work_database} holds no marts. Run `make build`.")
        for schema, name in tables:
            source = f"work.{identifier(schema)}.{identifier(name)}"
            target = f"published.main.{identifier(name)}"
            connection.execute(f"create table {target} as from {source} order by {_sort_key(connection, source)}")
        _describe(connection)
        connection.execute("checkpoint published")
        connection.execute("detach published")
    return len(tables)


def _sort_key(connection: duckdb.DuckDBPyConnection, source: str) -> str:
    columns = connection.execute(f"select column_name, column_type from (describe {source})").fetchall()
    names = [name for name, _ in columns]
    dates = [name for name, kind in columns if kind == "DATE"][:1]
    key = [name for name in SORT_COLUMNS if name in names] + dates + names[:1]
    return ", ".join(identifier(name) for name in dict.fromkeys(key))


def _describe(connection: duckdb.DuckDBPyConnection) -> None:
    """Give tables and their columns the descriptions of their contracts as comments, whichever engine made them."""
    found = connection.execute("select table_name, column_name from duckdb_columns() where database_name = 'published'")
    columns = set(found.fetchall())
    names = {name for name, _ in columns}
    connection.execute("begin")
    for table in load_tables():
        if table.name not in names:
            continue
        target = f"published.main.{identifier(table.name)}"
        connection.execute(f"comment on table {target} is {literal(table.description)}")
        for column in table.columns:
            if (table.name, column.name) in columns:
                place = f"{target}.{identifier(column.name)}"
                connection.execute(f"comment on column {place} is {literal(column.description)}")
    connection.execute("commit")


def flush(path: Path) -> None:
    """Bring a file, or a folder's names, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
