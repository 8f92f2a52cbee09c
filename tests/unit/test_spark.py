"""What stands around Spark: what it is lent, and what is refused of that which it made. Spark itself is not started."""

import errno
import os
import socket
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
import yaml
from landing_builder import PROJECT

from nps_chain.contracts.marts import Table, load_tables
from nps_chain.errors import UserError
from nps_chain.raw_folder import KEPT
from nps_chain.running import spark
from nps_chain.settings import DUCKDB, SPARK, Settings, load_settings

KEYED = "dim_channel"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, tmp_path / "raw", tmp_path / "work.duckdb", SPARK)


@pytest.fixture
def table() -> Table:
    return next(table for table in load_tables() if table.name == KEYED)


def write_tables(settings: Settings, table: Table, row: str) -> None:
    """Lay down an empty Parquet file per public table, as its contract says, but `row` for one of them."""
    for other in load_tables():
        folder = settings.spark / "marts.db" / other.name
        folder.mkdir(parents=True)
        columns = ", ".join(f"cast(null as {column.kind}) as {column.name}" for column in other.columns)
        query = row if other == table else f"select {columns} where false"
        duckdb.execute(f"copy ({query}) to '{folder / 'part-00000.parquet'}' (format parquet)")


def row_of(table: Table, **changed: str) -> str:
    """A row of ones, but for what is changed."""
    values = {column.name: f"cast(1 as {column.kind})" for column in table.columns} | changed
    return "select " + ", ".join(f"{value} as {name}" for name, value in values.items())


def test_marts_are_extracted_as_their_contracts_say(settings: Settings, table: Table) -> None:
    write_tables(settings, table, row_of(table))
    assert spark.extract_marts(settings) == len(load_tables())
    with duckdb.connect(str(settings.work_database)) as connection:
        assert connection.execute(f"select count(*) from marts.{KEYED}").fetchone() == (1,)
        for other in load_tables():
            found = connection.execute(f"describe marts.{other.name}").fetchall()
            assert [(name, kind) for name, kind, *_ in found] == [
                (column.name, column.kind) for column in other.columns
            ]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"channel_key": "cast(1 as bigint)"}, "other columns than its contract: channel_key BIGINT, channel_key INT"),
        ({"extra": "1"}, "other columns than its contract: extra INTEGER"),
        ({"channel_key": "cast(null as integer)"}, "breaks its contract: .*NOT NULL constraint failed"),
    ],
)
def test_a_table_that_breaks_its_contract_is_refused(
    settings: Settings, table: Table, change: dict[str, str], found: str
) -> None:
    write_tables(settings, table, row_of(table, **change))
    with pytest.raises(UserError, match=found):
        spark.extract_marts(settings)


def test_a_repeated_key_is_refused(settings: Settings, table: Table) -> None:
    write_tables(settings, table, f"{row_of(table)} union all {row_of(table)}")
    with pytest.raises(UserError, match=r"breaks its contract: .*duplicate key"):
        spark.extract_marts(settings)


def test_raw_files_are_lent_by_links_alone(settings: Settings) -> None:
    (settings.raw / "shop__survey").mkdir(parents=True)
    (settings.raw / "_changes").mkdir()
    for name in ("_files.parquet", "_rejects.parquet", "shop__survey/part-000001.parquet"):
        (settings.raw / name).write_bytes(name.encode())
    spark.lend_raw(settings)
    lent = settings.spark / "raw"
    kept = [f"raw_{name}" for name in KEPT]
    assert sorted(path.name for path in lent.iterdir()) == sorted(["raw_files", "raw_rejects", "shop__survey", *kept])
    assert (lent / "raw_files" / "part.parquet").read_bytes() == b"_files.parquet"
    assert (lent / "shop__survey" / "part-000001.parquet").read_bytes() == b"shop__survey/part-000001.parquet"
    spark.remove_tables(settings)
    assert not settings.spark.exists()
    assert (settings.raw / "shop__survey" / "part-000001.parquet").is_file()


def test_what_is_missing_is_said(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UserError, match="no Spark; run `make build ENGINE=spark`"):
        spark.require_spark(settings)
    monkeypatch.setattr(spark.importlib.util, "find_spec", lambda _: object())
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match="Java 17 or newer; install one"):
        spark.require_spark(settings)


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ('openjdk version "11.0.22" 2024-01-16', "Java 17 or newer, and this is 11"),
        ('java version "1.8.0_402"', "Java 17 or newer, and this is 8"),
        ("a shell that knows no java", "Java 17 or newer; install one"),
        ('openjdk version "17.0.15" 2025-04-15', None),
        ('openjdk version "21" 2023-09-19', None),
    ],
)
def test_a_java_that_is_too_old(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, told: str, sentence: str | None
) -> None:
    monkeypatch.setattr(spark.importlib.util, "find_spec", lambda _: object())
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text(f"#!/bin/sh\necho '{told}' >&2\n", encoding="utf-8")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    if sentence is None:
        spark.require_spark(settings)
        return
    with pytest.raises(UserError, match=sentence):
        spark.require_spark(settings)


def test_an_engine_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NPS_ENGINE", "oracle")
    with pytest.raises(UserError, match="NPS_ENGINE=oracle names no engine; there are duckdb and spark"):
        load_settings()


@pytest.mark.parametrize(
    ("server", "found"),
    [
        ("", {"NPS_TARGET": "spark"}),
        ("sc://cluster", {"NPS_TARGET": "spark_connect", "SPARK_REMOTE": "sc://cluster"}),
        ("sc://cluster:15002/;token=x", {"NPS_TARGET": "spark_connect", "SPARK_REMOTE": "sc://cluster:15002/;token=x"}),
        (
            "thrift://cluster:10001",
            {
                "NPS_TARGET": "spark_thrift",
                "NPS_SPARK_THRIFT_HOST": "cluster",
                "NPS_SPARK_THRIFT_PORT": "10001",
            },
        ),
    ],
)
def test_a_server_chooses_the_output_of_the_profile(
    monkeypatch: pytest.MonkeyPatch, server: str, found: dict[str, str]
) -> None:
    monkeypatch.setenv("NPS_ENGINE", "spark")
    monkeypatch.setenv("NPS_SPARK_SERVER", server)
    if server:
        monkeypatch.setenv("SPARK_REMOTE", "sc://another")
    environment = load_settings().environment()
    assert environment.items() >= found.items()
    outputs = yaml.safe_load((PROJECT / "profiles.yml").read_text(encoding="utf-8"))["nps_chain"]["outputs"]
    assert environment["NPS_TARGET"] in outputs
    assert replace(load_settings(), engine=DUCKDB).environment()["NPS_TARGET"] == DUCKDB


def test_sparks_own_name_of_a_server_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session of Spark's own would refuse to start beside it."""
    monkeypatch.delenv("NPS_SPARK_SERVER", raising=False)
    monkeypatch.setenv("SPARK_REMOTE", "sc://cluster:15002")
    monkeypatch.setenv("NPS_ENGINE", "duckdb")
    assert load_settings().environment()["NPS_TARGET"] == "duckdb"
    monkeypatch.setenv("NPS_ENGINE", "spark")
    assert load_settings().environment()["NPS_TARGET"] == "spark_connect"


@pytest.mark.parametrize(
    "server",
    [
        "cluster:15002",
        "sc://:15002",
        "SC://cluster:15002",
        "sc://cluster:15002;token=x",
        "sc://cluster;token=x",
        "http://cluster:1",
        "thrift://cluster",
        "thrift://a:b",
        "thrift://user:secret@cluster:10000",
        "thrift://cluster:10000/db;transportMode=http",
    ],
)
@pytest.mark.parametrize("variable", ["NPS_SPARK_SERVER", "SPARK_REMOTE"])
def test_a_server_that_is_none(monkeypatch: pytest.MonkeyPatch, variable: str, server: str) -> None:
    monkeypatch.setenv("NPS_ENGINE", "spark")
    monkeypatch.setenv(variable, server)
    with pytest.raises(UserError, match=f"^{variable} names no server; write sc://"):
        load_settings()


def test_a_server_needs_its_client_and_no_java(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(spark.importlib.util, "find_spec", lambda name: None if name == "pyhive" else object())
    with pytest.raises(UserError, match="needs PyHive"):
        spark.require_spark(replace(settings, spark_server="thrift://cluster:10000"))
    with socket.create_server(("localhost", 0)) as server:
        address = f"localhost:{server.getsockname()[1]}"
        spark.require_spark(replace(settings, spark_server=f"sc://{address}/;token=x"))
    with pytest.raises(UserError, match=f"^No Spark server answers at {address} "):
        spark.require_spark(replace(settings, spark_server=f"sc://{address}/;token=x"))


def test_tables_that_cannot_be_removed_stop_the_build(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """They may hold people who were erased since."""
    settings.spark.mkdir(parents=True)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    for name in ("rmdir", "unlink"):
        monkeypatch.setattr(os, name, refuse)
    with pytest.raises(PermissionError):
        spark.remove_tables(settings)
