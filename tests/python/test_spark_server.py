"""Spark on a server that speaks Connect: a process with a warehouse and a memory of its own.

That all models give the same on Spark is tested by the parity of the engines; here, that they run on a server, and
again on one that remembers the tables of an earlier build.
"""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from landing_builder import FIXTURES, PROJECT, write_csv

from nps_chain import intake, spark
from nps_chain.settings import SPARK, Settings

SPARK_ENVIRONMENT = PROJECT / ".venv-spark"
SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"
KEY = "key-of-the-tests-only"
MOST_SECONDS_TO_START = 120
SELECTED = "+base_chain__benchmarks"
COLUMNS = ("industry", "country", "link", "year", "nps", "source")
RETAIL, AUTOMOTIVE = (
    ("retail", "NL", "shop", 2024, 41, "A panel's"),
    ("automotive", "DE", "dealer", 2024, 38, "A panel's"),
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A new warehouse, and the address of a server that doesn't run yet."""
    folder = tmp_path_factory.mktemp("server").resolve() / "warehouse"
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    return Settings(folder, folder / "raw", folder / "work.duckdb", SPARK, f"sc://localhost:{port}")


@pytest.fixture(scope="module")
def server(settings: Settings) -> Iterator[None]:
    assert SPARK_ENVIRONMENT.is_dir(), "there is no environment with Spark; run `make setup-spark`"
    port = settings.spark_server.rpartition(":")[2]
    options = {
        "spark.connect.grpc.binding.port": port,
        "spark.sql.warehouse.dir": str(settings.spark),
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.shuffle.partitions": "1",
        "spark.ui.enabled": "false",
    }
    command = [str(SPARK_ENVIRONMENT / "bin" / "spark-submit"), "--master", "local[2]", "--driver-memory", "1g"]
    command += [part for name, value in options.items() for part in ("--conf", f"{name}={value}")]
    environment = {**os.environ, "SPARK_CONF_DIR": str(FIXTURES / "spark")}
    environment["PATH"] = f"{SPARK_ENVIRONMENT / 'bin'}{os.pathsep}{os.environ['PATH']}"
    log = settings.warehouse.with_name("server.log")
    with (
        log.open("w") as stream,
        subprocess.Popen(
            [*command, "--class", SERVER, "spark-internal"], env=environment, stdout=stream, stderr=stream
        ) as process,
    ):
        wait_for(int(port), process, log)
        yield
        process.terminate()


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until the server listens."""
    deadline = time.monotonic() + MOST_SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as connection:
            if connection.connect_ex(("localhost", port)) == 0:
                return
        time.sleep(0.2)
    process.kill()
    raise AssertionError(f"the server did not start: {log.read_text(encoding='utf-8')[-2000:]}")


def build(settings: Settings, rows: list[tuple[object, ...]]) -> subprocess.CompletedProcess[str]:
    """Read a file with these benchmarks, and build its model on the server."""
    landing = settings.warehouse.with_name("landing")
    write_csv(landing / "chain" / "benchmarks.csv", COLUMNS, rows)
    intake.run(landing, settings.raw, KEY)
    spark.remove_tables(settings)
    spark.lend_raw(settings)
    environment = {
        **os.environ,
        **settings.environment(),
        "DBT_TARGET_PATH": str(settings.warehouse / "target"),
        "DBT_LOG_PATH": str(settings.warehouse / "logs"),
    }
    return subprocess.run(
        [
            str(SPARK_ENVIRONMENT / "bin" / "dbt"),
            "build",
            "--select",
            SELECTED,
            "--exclude-resource-types",
            "unit_test",
            "test",
        ],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
    )


def benchmarks(settings: Settings) -> list[tuple[object, ...]]:
    """The benchmarks that the server wrote into the warehouse."""
    files = settings.spark / "base.db" / "base_chain__benchmarks" / "*.parquet"
    return duckdb.execute(f"select nps, source from read_parquet('{files}') order by nps").fetchall()


def test_models_run_on_a_server_and_again(settings: Settings, server: None) -> None:
    for rows in ([RETAIL], [RETAIL, AUTOMOTIVE]):
        result = build(settings, rows)
        assert result.returncode == 0, result.stdout[-2000:]
        assert [nps for nps, _ in benchmarks(settings)] == sorted(row[4] for row in rows)


def test_a_server_with_another_warehouse_is_refused(settings: Settings, server: None, tmp_path: Path) -> None:
    other = replace(settings, warehouse=tmp_path / "warehouse", raw=tmp_path / "warehouse" / "raw")
    result = build(other, [RETAIL])
    assert result.returncode != 0
    assert f"start it with spark.sql.warehouse.dir={other.spark}" in " ".join(result.stdout.split())
