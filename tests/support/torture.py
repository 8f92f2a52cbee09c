"""What the tests share that kill, starve and crowd the project: warehouses of their own, and who published what."""

import csv
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from landing_builder import FIXTURES, PROJECT, TEST_KEY
from lent_parse import lend_parse

from nps_chain.settings import KEY_VARIABLE

HANDMADE = FIXTURES / "handmade_landing"
# how often builds are killed, and publishes: none by `make test`; `make torture` asks for many, and for what takes long
KILLS = int(os.environ.get("NPS_KILLS") or 0)
LONG = KILLS >= 30
PATIENCE = 600
POLL_SECONDS = 0.02
RECEIPT_COLUMNS = ("receipt_no", "till", "purchased_on", "loyalty_no", "product_code", "revenue", "cost", "currency")

# columns of a table, its number of rows, and a sum over the hashes of all its values: the order of rows is left aside
Fingerprint = tuple[tuple[tuple[str, str], ...], int, int | None]
State = dict[str, Fingerprint]


@dataclass(frozen=True)
class Site:
    """A warehouse in a folder of its own, and the project's command over it."""

    folder: Path

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse"

    @property
    def published(self) -> Path:
        return self.warehouse / "nps_chain.duckdb"

    @property
    def work(self) -> Path:
        return self.warehouse / "work.duckdb"

    @property
    def log(self) -> Path:
        return self.folder / "output.log"

    def environment(self, **more: str) -> dict[str, str]:
        """Lead every part of the project here; tests of single models tell nothing about kills and are left out."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("NPS_")}
        places = {
            "NPS_WAREHOUSE": str(self.warehouse),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "DBT_EXCLUDE_RESOURCE_TYPES": "unit_test test",
            # the checks only make a build longer; the long version is killed in them too
            "NPS_CHECKS": "all" if LONG else "none",
            KEY_VARIABLE: TEST_KEY,
        }
        return {**inherited, **places, **more}

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command of the project in a process group of its own; what it says goes to the log."""
        self.folder.mkdir(parents=True, exist_ok=True)
        environment = self.environment()
        lend_parse(environment)
        with self.log.open("wb") as log:
            return subprocess.Popen(
                _command(*arguments),
                cwd=PROJECT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command of the project to its end."""
        environment = self.environment(**options.pop("environment", {}))
        lend_parse(environment)
        return subprocess.run(
            _command(*arguments),
            cwd=PROJECT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            **options,
        )

    def finish(self, process: subprocess.Popen[bytes]) -> None:
        """Wait for a command that must succeed."""
        assert process.wait(PATIENCE) == 0, self.log.read_text()

    def wait_until_said(self, process: subprocess.Popen[bytes], words: str) -> None:
        """Wait until a started command has said the words."""
        while words not in self.log.read_text():
            assert process.poll() is None, self.log.read_text()
            time.sleep(POLL_SECONDS)

    def leftovers(self) -> list[str]:
        """What lies in the warehouse that only a broken run leaves."""
        patterns = (".publish-*", "raw.new-*", "raw.old-*", "tmp", "*.wal")
        return sorted(path.name for pattern in patterns for path in self.warehouse.glob(pattern))


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "nps_chain", *arguments]


def kill_after(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Kill the whole process group after a while, unless it has ended by itself; tell whether it was killed."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def make_landing(folder: Path, receipts: int) -> Path:
    """The handmade landing folder and, with receipts, one more file of that many."""
    shutil.copytree(HANDMADE, folder)
    if receipts:
        with (folder / "shop" / "SE-S01" / "receipts_2022.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow((*RECEIPT_COLUMNS, "receipt_kind"))
            writer.writerows(
                (f"R-T{number}", "till-1", "2023-05-02", "000101", "", f"{number}.00", "", "SEK", "sale")
                for number in range(1, receipts + 1)
            )
    return folder


def state(published: Path) -> State:
    """Read every value of every table of a published file."""
    with duckdb.connect(str(published), read_only=True) as connection:
        names = [row[0] for row in connection.execute("select table_name from duckdb_tables()").fetchall()]
        return {name: fingerprint(connection, name) for name in sorted(names)}


def fingerprint(connection: duckdb.DuckDBPyConnection, table: str) -> Fingerprint:
    """What tells one build's table from another's."""
    columns = connection.execute(
        "select column_name, data_type from duckdb_columns() where table_name = ? order by column_index", [table]
    ).fetchall()
    rows, total = connection.execute(f'select count(*), sum(hash(everything)) from "{table}" as everything').fetchone()
    return tuple(columns), rows, total


def digest(tables: State) -> str:
    """A state in one word."""
    return hashlib.sha256(repr(sorted(tables.items())).encode()).hexdigest()


def published_by(published: Path, known: dict[str, State]) -> str:
    """Name the build whose tables the file holds, all of them; a file that is not whole breaks the promise."""
    try:
        found = state(published)
    except duckdb.Error as error:
        raise AssertionError(f"the published file cannot be read: {error}") from error
    for name, tables in known.items():
        if found == tables:
            return name
    apart = {name: sum(found.get(table) != tables[table] for table in tables) for name, tables in known.items()}
    raise AssertionError(f"the published file is of no known build; tables that differ from each: {apart}")
