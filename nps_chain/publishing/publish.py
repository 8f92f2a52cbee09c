"""Publishing: the marts as a file of their own, put in place by one atomic rename.

A reader has the whole old file or the whole new one at any time; a publish that is killed leaves the old one.

A program that opened the old file for writing keeps a log beside it, by the file's name. Publishing removes the log,
before the rename, so that no reader meets it with the new file, and after, should it have come again meanwhile. A
program that stays open may begin another one: the new file's storage knows its own log, so that readers of the new file
then get an error that names the log, until the program is closed or the next build publishes.
"""

import os
import re
import shutil
from pathlib import Path

import duckdb

from nps_chain.contracts.marts import PUBLISHED_SCHEMAS, load_tables
from nps_chain.errors import UserError
from nps_chain.memory import connect
from nps_chain.messages import say
from nps_chain.publishing.verdict import what_was_lost
from nps_chain.sql_quoting import identifier, literal

# The oldest storage that refuses the log of another file: with an older one it would be replayed in silence.
STORAGE_VERSION = "v1.4.0"
# The same as it stands in the head of a file: where, and as which number.
STORAGE_PLACE, STORAGE_NUMBER = slice(12, 20), 67
# Tools that read numbers as doubles keep whole numbers to here.
LARGEST_EXACT = 2**53
# What a warehouse is there for, in words.
CONTENT = {"fct_nps_response": "answer", "fct_transaction": "purchase"}
# Lets a warehouse without answers or purchases take the place of one with them.
EMPTY_VARIABLE = "NPS_PUBLISH_EMPTY"
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
        _swap(copy, published)
        flush(published.parent)
    finally:
        remove_leftovers(published.parent, f".publish-{os.getpid()}.duckdb*")
    return tables


def _swap(copy: Path, published: Path) -> None:
    """Put the copy in the place of the old file, and leave nothing of the old one beside it."""
    _remove_log(published)
    writer = _writer(published)
    if writer and _storage(published) < STORAGE_NUMBER:
        raise UserError(
            f"{writer} has {published} open for writing, and what it wrote would show in the new file, so nothing was "
            "published; close it and run `make publish`."
        )
    _refuse_emptier(copy, published)
    copy.replace(published)
    _remove_log(published)
    if writer:
        say(
            f"  ! {writer} still has the last {published.name} open for writing; close it: what it writes is lost, "
            f"and meanwhile others may get an error that names {published.name}.wal"
        )


def _remove_log(published: Path) -> None:
    """Remove what a program that wrote to the file, and was killed or is still open, keeps beside it."""
    for path in published.parent.iterdir():
        if path.name.startswith(f"{published.name}.wal"):
            path.unlink(missing_ok=True)


def _writer(published: Path) -> str | None:
    """The program that has the file open for writing, in words."""
    if not published.is_file():
        return None
    try:
        with duckdb.connect() as connection:
            connection.execute(f"attach {literal(str(published))} as published (read_only)")
    except duckdb.IOException as error:
        if "lock" in str(error):
            process = re.search(r"PID (\d+)", str(error))
            return f"A program (process {process[1]})" if process else "A program"
    except duckdb.Error:
        # whatever else is wrong with the old file goes with it
        pass
    return None


def _storage(published: Path) -> int:
    with published.open("rb") as stream:
        return int.from_bytes(stream.read(STORAGE_PLACE.stop)[STORAGE_PLACE], "little")


def _refuse_emptier(copy: Path, published: Path) -> None:
    """Keep a warehouse with answers and purchases from being replaced by one without them."""
    if os.environ.get(EMPTY_VARIABLE) or not published.is_file():
        return
    new = _count_content(copy)
    lost = [table for table, rows in new.items() if rows == 0]
    if not lost:
        return
    try:
        old = _count_content(published)
    except duckdb.Error:
        old = {}
    for table in lost:
        if old.get(table) != 0:
            count = f"{old[table]:,} {CONTENT[table]}s" if table in old else "what cannot be read just now"
            # the verdict, which would say why, is not reached
            say(what_was_lost(copy))
            raise UserError(
                f"The new warehouse holds no {CONTENT[table]} and the published one holds {count}, so that one stays; "
                f"see above which rows were refused and why, or set {EMPTY_VARIABLE}=1 and run `make publish`."
            )


def holds_content(published: Path) -> bool:
    """Whether the published file has answers or purchases; so it is taken where that can't be told."""
    try:
        return published.is_file() and any(_count_content(published).values())
    except duckdb.Error:
        return True


def _count_content(database: Path) -> dict[str, int]:
    """Rows of the tables that a warehouse is there for, of those that it has."""
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(str(database))} as counted (read_only)")
        tables = connection.execute("select table_name from duckdb_tables() where database_name = 'counted'").fetchall()
        counts = {}
        for table in sorted({name for (name,) in tables} & set(CONTENT)):
            row = connection.execute(f"select count(*) from counted.main.{identifier(table)}").fetchone()
            counts[table] = int(row[0]) if row else 0
        return counts


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
            described = connection.execute(f"select column_name, column_type from (describe {source})").fetchall()
            columns = {str(column): str(kind) for column, kind in described}
            connection.execute(
                f"create table {target} as select {_columns(columns)} from {source} order by {_sort_key(columns)}"
            )
        _refuse_inexact(connection)
        _add_keys(connection)
        _describe(connection)
        connection.execute("checkpoint published")
        connection.execute("detach published")
    return len(tables)


def _columns(columns: dict[str, str]) -> str:
    """All columns; a nought below zero, which prints as -0, becomes the one that everybody knows."""
    unsigned = [f"{identifier(name)} + 0e0 as {identifier(name)}" for name, kind in columns.items() if kind == "DOUBLE"]
    return f"* replace ({', '.join(unsigned)})" if unsigned else "*"


def _sort_key(columns: dict[str, str]) -> str:
    dates = [name for name, kind in columns.items() if kind == "DATE"][:1]
    key = [name for name in SORT_COLUMNS if name in columns] + dates + list(columns)[:1]
    return ", ".join(identifier(name) for name in dict.fromkeys(key))


def _refuse_inexact(connection: duckdb.DuckDBPyConnection) -> None:
    """Two keys that a tool can't tell apart would join two things in silence."""
    columns = connection.execute(
        "select table_name, column_name from duckdb_columns() "
        "where database_name = 'published' and data_type in ('BIGINT', 'HUGEINT') order by all"
    ).fetchall()
    for table, column in columns:
        query = f"select max({{0}}), min({{0}}) from published.main.{identifier(table)}".format(identifier(column))
        if any(abs(value) > LARGEST_EXACT for row in connection.execute(query).fetchall() for value in row if value):
            raise UserError(
                f"{table}.{column} holds a number beyond {LARGEST_EXACT:,}, which many tools would round, so nothing "
                "was published."
            )


def _add_keys(connection: duckdb.DuckDBPyConnection) -> None:
    """Give tables the keys of their contracts.

    Added to a table that is filled, an index takes a third of the time that filling an indexed table does. Facts have
    no key in their contract: theirs would make the file three times as large.
    """
    for name, columns in _columns_by_table(connection).items():
        key = next((table.key for table in load_tables() if table.name == name), ())
        if not key or not columns.issuperset(key):
            continue
        names = ", ".join(map(identifier, key))
        try:
            connection.execute(f"alter table published.main.{identifier(name)} add primary key ({names})")
        except duckdb.ConstraintException as error:
            # not the error's own words: they hold the value
            fault = f"The key of {name} ({', '.join(key)}) is missing or comes twice, so nothing was published."
            raise UserError(fault) from error


def _columns_by_table(connection: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    found = connection.execute("select table_name, column_name from duckdb_columns() where database_name = 'published'")
    columns: dict[str, set[str]] = {}
    for table, column in found.fetchall():
        columns.setdefault(table, set()).add(column)
    return columns


def _describe(connection: duckdb.DuckDBPyConnection) -> None:
    """Give tables and their columns the descriptions of their contracts as comments, whichever engine made them."""
    columns = _columns_by_table(connection)
    connection.execute("begin")
    for table in load_tables():
        if table.name not in columns:
            continue
        target = f"published.main.{identifier(table.name)}"
        connection.execute(f"comment on table {target} is {literal(table.description)}")
        for column in table.columns:
            if column.name in columns[table.name]:
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
