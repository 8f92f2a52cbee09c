"""Spark on a server that speaks Connect: a process with a warehouse, settings and a memory of its own.

That all models give the same on Spark is tested by the parity of the engines; here, that they run on a server.
"""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from landing_builder import FIXTURES, PROJECT, write_csv

from nps_chain.intake import intake
from nps_chain.running import spark
from nps_chain.settings import SPARK, Settings

SPARK_ENVIRONMENT = PROJECT / ".venv-spark"
SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"
KEY = "key-of-the-tests-only"
MOST_SECONDS_TO_START = 120
MOST_SECONDS_TO_END = 30
BUILD = ("build", "--select", "+base_chain__benchmarks", "--exclude-resource-types", "unit_test", "test")
COLUMNS = ("industry", "country", "link", "year", "nps", "source")
RETAIL, AUTOMOTIVE = (
    ("retail", "NL", "shop", 2024, 41, "A panel's"),
    ("automotive", "DE", "dealer", 2024, 38, "A panel's"),
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A new warehouse, and a server that writes into it."""
    assert SPARK_ENVIRONMENT.is_dir(), "there is no environment with Spark; run `make setup-spark`"
    root = tmp_path_factory.mktemp("a server").resolve()
    folder, log = root / "warehouse", root / "server.log"
    new = Settings(folder, folder / "raw", folder / "work.duckdb", SPARK)
    options = {
        "spark.connect.grpc.binding.address": "127.0.0.1",
        # any that is free
        "spark.connect.grpc.binding.port": "0",
        "spark.sql.warehouse.dir": str(new.spark),
        "spark.sql.catalogImplementation": "in-memory",
        "spark.local.dir": str(root / "local"),
        # neither may reach a build
        "spark.sql.session.timeZone": "Asia/Kolkata",
        "spark.sql.timestampType": "TIMESTAMP_LTZ",
        "spark.ui.enabled": "false",
    }
    command = [str(SPARK_ENVIRONMENT / "bin" / "spark-submit"), "--master", "local[2]", "--driver-memory", "1g"]
    command += [part for name, value in options.items() for part in ("--conf", f"{name}={value}")]
    environment = {**os.environ, "SPARK_CONF_DIR": str(FIXTURES / "spark")}
    environment["PATH"] = f"{SPARK_ENVIRONMENT / 'bin'}{os.pathsep}{os.environ['PATH']}"
    with (
        log.open("w") as stream,
        subprocess.Popen(
            [*command, "--class", SERVER, "spark-internal"], env=environment, stdout=stream, stderr=stream
        ) as process,
    ):
        try:
            yield replace(new, spark_server=f"sc://127.0.0.1:{port_of(process, log)}")
        finally:
            stop(process)


def port_of(process: subprocess.Popen[bytes], log: Path) -> str:
    """Where the server listens, once it says so."""
    deadline = time.monotonic() + MOST_SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        if started := re.search(r"Spark Connect server started at: \S*:(\d+)", log.read_text(encoding="utf-8")):
            return started.group(1)
        time.sleep(0.2)
    raise AssertionError(f"the server did not start: {log.read_text(encoding='utf-8')[-2000:]}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the server; one that doesn't hear is killed."""
    process.terminate()
    try:
        process.wait(MOST_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()


def lend(settings: Settings, rows: list[tuple[object, ...]]) -> None:
    """Read a file with these benchmarks, and lend them to Spark."""
    landing = settings.warehouse.with_name("landing")
    write_csv(landing / "chain" / "benchmarks.csv", COLUMNS, rows)
    intake.run(landing, settings.raw, KEY, anew=True)
    spark.remove_tables(settings)
    spark.lend_raw(settings)


def dbt(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run dbt on the server."""
    environment = {
        **os.environ,
        **settings.environment(),
        "DBT_TARGET_PATH": str(settings.warehouse / "target"),
        "DBT_LOG_PATH": str(settings.warehouse / "logs"),
    }
    command = [str(SPARK_ENVIRONMENT / "bin" / "dbt"), *arguments]
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)


def benchmarks(settings: Settings) -> list[tuple[object, ...]]:
    """The benchmarks that the server wrote into the warehouse."""
    files = settings.spark / "base.db" / "base_chain__benchmarks" / "*.parquet"
    return duckdb.execute(f"select nps, source from read_parquet('{files}') order by nps").fetchall()


def test_models_run_on_a_server_that_remembers_other_builds(settings: Settings) -> None:
    lend(settings, [RETAIL])
    part = next((settings.raw / "chain__benchmarks").glob("*.parquet"))
    duckdb.execute(f"copy (from read_parquet('{part}') select * exclude source) to '{part}' (format parquet)")
    assert "`source`" in dbt(settings, *BUILD).stdout
    for rows in ([RETAIL, AUTOMOTIVE], [RETAIL]):
        lend(settings, rows)
        result = dbt(settings, *BUILD)
        assert result.returncode == 0, result.stdout[-2000:]
        assert [nps for nps, _ in benchmarks(settings)] == sorted(row[4] for row in rows)


def test_the_session_is_the_profiles(settings: Settings) -> None:
    query = "select typeof(cast(null as timestamp)) as kind, current_timezone() as zone, 1 / 0 as not_ansi"
    result = dbt(settings, "show", "--inline", query, "--output", "json", "--log-format", "json")
    shown = [json.loads(line)["data"].get("preview") for line in result.stdout.splitlines() if line.startswith("{")]
    rows = [json.loads(preview) for preview in shown if preview]
    assert rows == [[{"kind": "timestamp_ntz", "zone": "UTC", "not_ansi": None}]], result.stdout[-2000:]


def test_a_server_with_another_warehouse_is_refused(settings: Settings, tmp_path: Path) -> None:
    other = replace(settings, warehouse=tmp_path / "warehouse", raw=tmp_path / "warehouse" / "raw")
    lend(other, [RETAIL])
    result = dbt(other, *BUILD)
    assert result.returncode != 0
    assert f"start it with spark.sql.warehouse.dir={other.spark}" in " ".join(result.stdout.split())
