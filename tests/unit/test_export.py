"""The export holds what was published, to the last value, and no cell that a spreadsheet would run."""

import csv
import math
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from landing_builder import PROJECT

from nps_chain.errors import UserError
from nps_chain.publishing import export as exporting
from nps_chain.publishing.export import escaped, export, unescaped, write_csv

SPREADSHEET = shutil.which("soffice") or shutil.which("libreoffice")
# written out apart from the product: what begins a formula, full-width forms included
DANGEROUS = {chr(code) for code in (0x3D, 0x2B, 0x2D, 0x40, 0x09, 0x0D, 0x0A, 0xFF1D, 0xFF0B, 0xFF0D, 0xFF20)}
ATTACKS = [
    "=1+1",
    "+31 6 12345678",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20SUM(1)",
    "'=1+1",
    "''",
    "harmless;=1+1",
    "two\n=lines",
    'quote"=1+1',
    '"=1+1"',
    "a,=b",
    "-5",
]
HARMLESS = ["", None, "Åkessons Bil i Växjö", "a-b", "O'Neill", "😀 مرحبا", "1,5", 'Sport & "Mer"', "a;b"]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with every type that is published, and each attack in every text column, in cell and header."""
    path = tmp_path_factory.mktemp("export") / "nps_chain.duckdb"
    texts = ATTACKS + HARMLESS
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "create table mart_types (row_key bigint, link_key integer, on_day date, at_time timestamp, is_so boolean, "
            'nps double, amount_eur decimal(18, 2), link_name varchar, "=cmd()" varchar, "a""b,c" varchar)'
        )
        connection.executemany(
            "insert into mart_types values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                [
                    (1 << 60) - 1 - index,
                    -index,
                    date(2024, 2, 29),
                    datetime(2024, 1, 2, 3, 4, 5),
                    index % 2 == 0,
                    -0.1 - index / 3,
                    Decimal("-1234567890123456.78"),
                    text,
                    texts[-1 - index],
                    text,
                ]
                for index, text in enumerate(texts)
            ],
        )
        connection.execute("insert into mart_types (row_key) values (-1)")
        connection.execute("create table mart_empty (chain_key integer, chain_name varchar)")
        connection.execute("create type verdict as enum ('=now()', 'weakest')")
        connection.execute("create table mart_odd as select '=now()'::verdict as verdict, ['=1'] as links, 1.5 as nps")
    return path


Row = tuple[Any, ...]
PARSE: dict[str, Callable[[str], Any]] = {
    "BIGINT": int,
    "INTEGER": int,
    "DOUBLE": float,
    "DATE": date.fromisoformat,
    "TIMESTAMP": datetime.fromisoformat,
    "BOOLEAN": {"true": True, "false": False}.__getitem__,
}


def columns_of(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple[str, str]]:
    return connection.execute(
        "select column_name, data_type from duckdb_columns() where table_name = ? order by column_index", [table]
    ).fetchall()


def parse(cell: str, kind: str, was_quoted: bool) -> Any:
    """A cell's value: what is not quoted and empty is nothing."""
    if not cell and not was_quoted:
        return None
    if kind.startswith("DECIMAL"):
        return Decimal(cell)
    return PARSE.get(kind, unescaped)(cell)


def cells(path: Path) -> list[list[tuple[str, bool]]]:
    """Split a CSV file by a reader of our own, which knows for each cell whether it was quoted (RFC 4180)."""
    text = path.read_bytes().decode("utf-8-sig")
    field = re.compile(r'(?:"((?:[^"]|"")*)"|([^",\n]*))([,\n])')
    rows, row, position = [], [], 0
    while position < len(text):
        match = field.match(text, position)
        assert match, f"not quoted as RFC 4180 says: {text[position : position + 40]!r}"
        quoted, bare, end = match.groups()
        row.append((bare, False) if quoted is None else (quoted.replace('""', '"'), True))
        position = match.end()
        if end == "\n":
            rows.append(row)
            row = []
    assert not row
    return rows


def dangerous_cells(path: Path, numbers: set[int]) -> list[str]:
    """Cells that a spreadsheet would run, whichever separator it is set to; in a column of numbers a minus is none."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    return [
        cell
        for number, row in enumerate(rows)
        for column, cell in enumerate(row)
        for part in [*re.split(r"[;\t\r\n]", cell), cell]
        if part[:1] in DANGEROUS and not (number and column in numbers and math.isfinite(float(cell)))
    ]


def check(published: Path, folder: Path) -> None:
    """Compare an export with what was published: names, types, rows, values and order."""
    with duckdb.connect(str(published), read_only=True) as connection:
        tables = {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()}
        for suffix in ("csv", "parquet"):
            assert {path.name for path in (folder / suffix).iterdir()} == {f"{table}.{suffix}" for table in tables}
        for table in sorted(tables):
            columns = columns_of(connection, table)
            expected = connection.execute(f'from "{table}" order by all').fetchall()
            parquet = folder / "parquet" / f"{table}.parquet"
            kinds = connection.execute(f"describe from '{parquet}'").fetchall()
            assert [(name, kind) for name, kind, *_ in kinds] == [
                (name, "VARCHAR" if kind.startswith("ENUM") else kind) for name, kind in columns
            ]
            read = pq.read_table(parquet)
            assert list(zip(*(column.to_pylist() for column in read.columns), strict=True)) == expected
            check_csv(folder / "csv" / f"{table}.csv", columns, expected)


def check_csv(path: Path, columns: list[tuple[str, str]], expected: list[Row]) -> None:
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    header, *rows = cells(path)
    assert [unescaped(cell) for cell, _ in header] == [name for name, _ in columns]
    shown = [[str(value) if isinstance(value, list) else value for value in row] for row in expected]
    found = [
        [parse(cell, kind, quoted) for (cell, quoted), (_, kind) in zip(row, columns, strict=True)] for row in rows
    ]
    assert found == shown
    numbers = {
        index
        for index, (_, kind) in enumerate(columns)
        if kind in ("BIGINT", "INTEGER", "DOUBLE") or kind.startswith("DECIMAL")
    }
    assert dangerous_cells(path, numbers) == []


def test_export_equals_what_was_published(published: Path, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    assert export(published, folder) == 3
    check(published, folder)


def test_types_are_kept_in_parquet(published: Path, tmp_path: Path) -> None:
    export(published, tmp_path / "export")
    types = dict(
        zip(
            (schema := pq.read_schema(tmp_path / "export" / "parquet" / "mart_types.parquet")).names,
            schema.types,
            strict=True,
        )
    )
    assert types["row_key"] == pa.int64()
    assert types["on_day"] == pa.date32()
    assert types["amount_eur"] == pa.decimal128(18, 2)
    assert types["is_so"] == pa.bool_()
    assert types["link_name"] == pa.string()


def test_a_negative_figure_stays_a_number(published: Path, tmp_path: Path) -> None:
    export(published, tmp_path / "export")
    lines = (tmp_path / "export" / "csv" / "mart_types.csv").read_text(encoding="utf-8-sig")
    assert ",-0.1,-1234567890123456.78," in lines


@given(st.text(st.sampled_from("=+-@\t\r\n;'\",ab \uff1d\uff20"), max_size=12))
def test_escaping_is_undone_and_leaves_nothing_to_run(text: str) -> None:
    cell = escaped(text)
    assert unescaped(cell) == text
    assert not any(part[:1] in DANGEROUS for part in [*re.split(r"[;\t\r\n]", cell), cell])


def test_database_and_python_escape_alike(published: Path, tmp_path: Path) -> None:
    export(published, tmp_path / "export")
    written = {row[7][0] for row in cells(tmp_path / "export" / "csv" / "mart_types.csv")[1:]}
    assert written == {escaped(text or "") for text in ATTACKS + HARMLESS}


def test_the_check_sees_an_export_without_escaping(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "_escaped_sql", exporting.identifier)
    export(published, tmp_path / "export")
    assert set(ATTACKS[:11]) <= set(dangerous_cells(tmp_path / "export" / "csv" / "mart_types.csv", {0, 1, 5, 6}))
    with pytest.raises(AssertionError):
        check(published, tmp_path / "export")


@pytest.mark.parametrize("fault", ["a row lost", "a value changed", "another order"])
def test_the_check_sees_a_wrong_row(published: Path, tmp_path: Path, fault: str) -> None:
    export(published, tmp_path / "export")
    path = tmp_path / "export" / "csv" / "mart_types.csv"
    with duckdb.connect() as connection:
        connection.execute(f"attach '{published}' as published (read_only)")
        connection.execute("create table mart_types as from published.mart_types order by all")
        if fault == "a row lost":
            connection.execute("delete from mart_types where link_key = -3")
        elif fault == "a value changed":
            connection.execute("update mart_types set nps = nps + 1e-12 where link_key = -3")
        write_csv(connection, "mart_types", path)
    if fault == "another order":
        lines = path.read_bytes().split(b"\n")
        path.write_bytes(b"\n".join([lines[0], *lines[2:-1], lines[1], lines[-1]]))
    with pytest.raises(AssertionError):
        check(published, tmp_path / "export")


def test_two_exports_are_the_same_bytes(published: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        export(published, tmp_path / name)
    for path in sorted((tmp_path / "one").rglob("*.*")):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


def test_a_killed_export_leaves_the_old_one_and_the_next_tidies_up(published: Path, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    export(published, folder)
    before = folder.readlink()
    script = (
        "import pathlib, sys, time\n"
        "from nps_chain.publishing import export\n"
        "export._swap = lambda *places: (print('written', flush=True), time.sleep(60))\n"
        "export.export(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))\n"
    )
    command = [sys.executable, "-c", script, str(published), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT) as killed:
        assert killed.stdout.readline() == "written\n"
        with pytest.raises(UserError, match="Another export"):
            export(published, folder)
        killed.send_signal(signal.SIGKILL)
    assert folder.readlink() == before
    check(published, folder)
    assert len(list(tmp_path.glob(".export-*"))) == 2
    export(published, folder)
    assert folder.readlink() != before
    assert len(list(tmp_path.glob(".export-*"))) == 1
    check(published, folder)


def test_an_export_that_fails_leaves_the_old_one(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "export"
    export(published, folder)
    before = folder.readlink()
    monkeypatch.setattr(exporting, "PLAIN_TYPES", None)
    with pytest.raises(AttributeError):
        export(published, folder)
    assert folder.readlink() == before
    assert len(list(tmp_path.glob(".export-*"))) == 1


def test_nothing_to_export_and_a_folder_in_the_way_are_one_sentence(published: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing to export"):
        export(tmp_path / "none.duckdb", tmp_path / "export")
    (tmp_path / "export").mkdir()
    with pytest.raises(UserError, match="was not made by an export"):
        export(published, tmp_path / "export")


@pytest.mark.skipif(SPREADSHEET is None, reason="LibreOffice is not on this machine")
def test_a_spreadsheet_shows_the_texts_and_runs_nothing(published: Path, tmp_path: Path) -> None:
    """Opened with the comma and with the semicolon as separator, no cell holds a formula."""
    export(published, tmp_path / "export")
    source = tmp_path / "export" / "csv" / "mart_types.csv"
    for separator in ("44", "59"):
        subprocess.run(
            [
                SPREADSHEET,
                f"-env:UserInstallation=file://{tmp_path}/profile",
                "--headless",
                f"--infilter=CSV:{separator},34,76,1",
                "--convert-to",
                "fods",
                "--outdir",
                str(tmp_path),
                str(source),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )
        opened = (tmp_path / "mart_types.fods").read_text(encoding="utf-8")
        assert "table:formula" not in opened
        assert 'office:value-type="float"' in opened
