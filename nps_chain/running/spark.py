"""Spark as the engine of the models: what it needs before dbt runs, and its marts into the working database after.

Spark reads the raw folder's Parquet files and keeps its tables as Parquet too, in a folder of its own that every build
empties. Whatever comes after dbt reads the working database, and so can't tell which engine filled it.
"""

import importlib.util
import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import duckdb

from nps_chain import memory
from nps_chain.contracts.marts import PUBLISHED_SCHEMAS, Table, load_tables
from nps_chain.errors import UserError
from nps_chain.raw_folder import KEPT, MANIFEST, REJECTS, kept_path, parts_sql
from nps_chain.settings import Settings
from nps_chain.sql_quoting import identifier

RAW = "raw"
OLDEST_JAVA = 17
SECONDS_TO_ANSWER = 10
# Spark overlooks files whose names begin with an underscore.
RENAMED = {"raw_files": MANIFEST, "raw_rejects": REJECTS}


def require_spark(settings: Settings) -> None:
    """Say what is missing before anything is read."""
    if importlib.util.find_spec("pyspark") is None:
        raise UserError("This environment has no Spark; run `make build ENGINE=spark`, which sets one up.")
    if settings.is_thrift and importlib.util.find_spec("pyhive") is None:
        raise UserError("A thrift server needs PyHive: .venv-spark/bin/pip install 'dbt-spark[PyHive]==1.11.0'.")
    if settings.spark_server:
        _require_server(*settings.spark_address)
    else:
        # a server has a Java of its own
        _require_java()


def _require_server(host: str, port: int) -> None:
    """Connect's client would try for ten minutes, in silence."""
    try:
        socket.create_connection((host, port), SECONDS_TO_ANSWER).close()
    except OSError as error:
        raise UserError(f"No Spark server answers at {host}:{port} ({error}).") from error


def _require_java() -> None:
    version = _java_version()
    if version is None:
        raise UserError(f"Spark needs Java {OLDEST_JAVA} or newer; install one, or name it with JAVA_HOME.")
    if version < OLDEST_JAVA:
        raise UserError(f"Spark needs Java {OLDEST_JAVA} or newer, and this is {version}; name another with JAVA_HOME.")


def _java_version() -> int | None:
    """The major version of the Java that Spark will start; None if there is none that starts."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else "java"
    try:
        told = subprocess.run([java, "-version"], capture_output=True, text=True, check=True).stderr
    except (OSError, subprocess.CalledProcessError):
        return None
    # 17.0.15, or 1.8.0 before Java 9
    found = re.search(r'version "(?:1\.)?(\d+)', told)
    return int(found.group(1)) if found else None


def remove_tables(settings: Settings) -> None:
    """Remove what the last build on Spark made: people may have been erased since.

    What can't be removed, since a server of another user made it, stops the build.
    """
    if settings.spark.exists():
        shutil.rmtree(settings.spark)


def lend_raw(settings: Settings) -> None:
    """Give Spark a folder per source, which holds nothing but links to the raw folder."""
    lent = settings.spark / RAW
    lent.mkdir(parents=True)
    for folder in settings.raw.iterdir():
        if folder.is_dir() and not folder.name.startswith("_"):
            (lent / folder.name).symlink_to(folder, target_is_directory=True)
    files = {name: settings.raw / file for name, file in RENAMED.items()}
    files |= {f"raw_{name}": kept_path(settings.raw, name) for name in KEPT}
    for name, file in files.items():
        (lent / name).mkdir()
        (lent / name / "part.parquet").symlink_to(file)


def extract_marts(settings: Settings) -> int:
    """Copy the published schemas' tables into a new working database; return how many there are.

    The tables are made as their contracts say, so that the database refuses what a build on DuckDB would have refused.
    """
    tables = load_tables()
    settings.work_database.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(settings.work_database)) as connection:
        memory.limit(connection, settings.temporary)
        for schema in PUBLISHED_SCHEMAS:
            connection.execute(f"create schema {identifier(schema)}")
            for table in tables:
                parts = sorted((settings.spark / f"{schema}.db" / table.name).glob("*.parquet"))
                _extract(connection, parts_sql(parts), schema, table)
    return len(tables)


def _extract(connection: duckdb.DuckDBPyConnection, rows: str, schema: str, table: Table) -> None:
    _refuse_other_types(connection, rows, table)
    target = f"{identifier(schema)}.{identifier(table.name)}"
    columns = [
        f"{identifier(column.name)} {column.kind}" + (" not null" if column.is_required else "")
        for column in table.columns
    ]
    if table.key:
        columns.append(f"primary key ({', '.join(map(identifier, table.key))})")
    connection.execute(f"create table {target} ({', '.join(columns)})")
    names = ", ".join(identifier(column.name) for column in table.columns)
    try:
        connection.execute(f"insert into {target} select {names} from {rows}")
    except duckdb.ConstraintException as error:
        raise UserError(f"Spark's table {table.name} breaks its contract: {error}.") from error


def _refuse_other_types(connection: duckdb.DuckDBPyConnection, rows: str, table: Table) -> None:
    """A type that is not the contract's would be cast in silence."""
    found = {name: kind for name, kind, *_ in connection.execute(f"describe select * from {rows}").fetchall()}
    wanted = {column.name: column.kind for column in table.columns}
    if found != wanted:
        apart = ", ".join(f"{name} {kind}" for name, kind in sorted(set(found.items()) ^ set(wanted.items())))
        raise UserError(f"Spark's table {table.name} has other columns than its contract: {apart}.")
