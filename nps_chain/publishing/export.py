"""The export: every published table as Parquet and as CSV, put in place as one folder.

`warehouse/export` is a link to a folder that is never changed once it is linked to: a reader has the whole old export
or the whole new one. A killed export leaves the old link, and the next one removes what it left.

The CSV is UTF-8 with a byte order mark, which tells a spreadsheet so. Nothing is an empty cell, and an empty text is
"". A spreadsheet runs a text that begins like a formula, so such a text gets an apostrophe in front. One that is set to
another separator than the comma begins new cells within a text, so behind each of these the same is done. An apostrophe
that stands in such a place already is doubled: removing one apostrophe from each of these places, as `unescaped` does,
gives back the text. Numbers are never touched, so that a negative NPS stays a number. Keys have up to 16 digits, of
which a spreadsheet keeps 15: it is good for reading, and the Parquet files are for joining.
"""

import fcntl
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from nps_chain.errors import UserError
from nps_chain.publishing.publish import flush
from nps_chain.sql_quoting import identifier, literal

BOM = "\ufeff"
# What is looked for and what takes its place, in Python and in DuckDB alike. Full-width signs count too: a spreadsheet
# may fold them.
ESCAPES = (
    (r"(^|[;\t\r\n])([=+\-@＝＋－＠'])", r"\1'\2"),  # noqa: RUF001
    (r"^([\t\r\n])", r"'\1"),
)
ESCAPED_PLACE = r"(^|[;\t\r\n])'"
# Types whose text begins with a digit, a minus and a digit, or a letter; all else is written as text.
PLAIN_TYPES = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL\(.*\)|FLOAT|DOUBLE|BOOLEAN|DATE|TIME.*)")


def export(published: Path, folder: Path) -> int:
    """Write every table of the published file and swap the folder in; return how many tables there are."""
    if not published.is_file():
        raise UserError(f"There is nothing to export: {published} does not exist. Run `make build`.")
    if folder.exists() and not folder.is_symlink():
        raise UserError(f"{folder} was not made by an export; move it away and export again.")
    with _sole_export(folder):
        remove_leftovers(folder)
        fresh = folder.with_name(f".{folder.name}-{time.time_ns()}")
        try:
            (fresh / "parquet").mkdir(parents=True)
            (fresh / "csv").mkdir()
            tables = _write_tables(published, fresh)
            _swap(fresh, folder)
        finally:
            remove_leftovers(folder)
    return tables


@contextmanager
def _sole_export(folder: Path) -> Iterator[None]:
    """Hold the lock of this folder's exports; it is free again when the process ends, however that happens."""
    with folder.with_name(f".{folder.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UserError(f"Another export to {folder} is running; wait until it has ended.") from error
        yield


def remove_leftovers(folder: Path) -> None:
    """Remove every export that the link doesn't lead to: older ones, and what a killed one left."""
    current = folder.readlink().name if folder.is_symlink() else None
    for leftover in folder.parent.glob(f".{folder.name}-*"):
        if leftover.is_symlink():
            leftover.unlink()
        elif leftover.name != current:
            shutil.rmtree(leftover)


def _write_tables(published: Path, fresh: Path) -> int:
    with duckdb.connect(str(published), read_only=True) as connection:
        tables = connection.execute("select table_name from duckdb_tables() order by table_name").fetchall()
        for (table,) in tables:
            write_parquet(connection, table, fresh / "parquet" / f"{table}.parquet")
            write_csv(connection, table, fresh / "csv" / f"{table}.csv")
    return len(tables)


def write_parquet(connection: duckdb.DuckDBPyConnection, table: str, path: Path) -> None:
    """Write a table as Parquet, in the order of its columns, of which keys are the first."""
    rows = f"from {identifier(table)} order by all"
    connection.execute(f"copy ({rows}) to {literal(str(path))} (format parquet, compression zstd)")
    flush(path)


def write_csv(connection: duckdb.DuckDBPyConnection, table: str, path: Path) -> None:
    """Write a table as CSV for a spreadsheet, in the same order."""
    columns = connection.execute(
        "select column_name, data_type from duckdb_columns() where table_name = ? order by column_index", [table]
    ).fetchall()
    texts = [name for name, kind in columns if not PLAIN_TYPES.fullmatch(kind)]
    values = ", ".join(_escaped_sql(name) if name in texts else identifier(name) for name, _ in columns)
    rows = f"select {values} from (from {identifier(table)} order by all)"
    # quoting every text is what tells an empty one from none
    quoting = f", force_quote ({', '.join(map(identifier, texts))})" if texts else ""
    header = BOM + ",".join(_quoted(escaped(name)) for name, _ in columns)
    # the engine ends every line but the last, so a table without rows has the suffix end its header
    if connection.execute(f"from {identifier(table)} limit 1").fetchall():
        header += "\n"
    options = f"format csv, header false, prefix {literal(header)}, suffix '\n'{quoting}"
    connection.execute(f"copy ({rows}) to {literal(str(path))} ({options})")
    flush(path)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _escaped_sql(name: str) -> str:
    text = f"cast({identifier(name)} as varchar)"
    for pattern, replacement in ESCAPES:
        text = f"regexp_replace({text}, {literal(pattern)}, {literal(replacement)}, 'g')"
    return f"{text} as {identifier(name)}"


def escaped(text: str) -> str:
    """The text as a cell that no spreadsheet runs."""
    for pattern, replacement in ESCAPES:
        text = re.sub(pattern, replacement, text)
    return text


def unescaped(cell: str) -> str:
    """The text that a cell of the CSV stands for."""
    return re.sub(ESCAPED_PLACE, r"\1", cell)


def _swap(fresh: Path, folder: Path) -> None:
    """Renaming a link over a link is atomic, which renaming folders is not."""
    for written in (fresh / "parquet", fresh / "csv", fresh):
        flush(written)
    link = fresh.with_name(f"{fresh.name}.link")
    link.symlink_to(fresh.name)
    link.replace(folder)
    flush(folder.parent)
