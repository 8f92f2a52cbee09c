"""Lay down landing folders, build them with the project's own command, and open what was built."""

import csv
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import yaml
from lent_parse import lend_parse

from nps_chain.settings import KEY_VARIABLE

PROJECT = Path(__file__).resolve().parents[2]
FIXTURES = PROJECT / "tests" / "fixtures"
TEST_KEY = "key-of-the-tests-only"
SHOWN_OUTPUT_LINES = 40
PARTNER_COLUMNS = ("partner_code", "link", "industry", "country", "partner_name", "valid_from")


@dataclass(frozen=True)
class Warehouse:
    """What a build left: the published file and the working database behind it."""

    published: Path
    work: Path

    def open(self) -> duckdb.DuckDBPyConnection:
        """A connection to the published tables by their bare names; the working database is attached as `work`."""
        connection = duckdb.connect()
        connection.execute(f"attach '{self.published}' as published (read_only)")
        connection.execute(f"attach '{self.work}' as work (read_only)")
        connection.execute("set search_path = 'memory.main,published.main'")
        return connection


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(rows)


def write_shops(landing: Path, shops: Iterable[tuple[str, str, str]], file: str = "partners.csv") -> None:
    """Write a list of partners of the chain administration: shops as (code, country, name)."""
    rows = [(code, "shop", "retail", country, name, "1990-01-01") for code, country, name in shops]
    write_csv(landing / "chain" / file, PARTNER_COLUMNS, rows)


def build(
    landing: Path,
    folder: Path,
    threads: int | None = None,
    key: str = TEST_KEY,
    data_tests: bool = True,
    python: str = sys.executable,
    variables: dict[str, str] | None = None,
    project: Path = PROJECT,
) -> Warehouse:
    """Build a landing folder into a warehouse folder; `threads` replaces the profile's number of threads.

    `python` and `variables` are of another environment than that of the tests, and settings of the build; `project`
    may be a changed copy. What the build said is in build.log of the warehouse.
    """
    environment = {
        **os.environ,
        "NPS_WAREHOUSE": str(folder),
        "NPS_RAW": str(folder / "raw"),
        "NPS_WORK_DB": str(folder / "work.duckdb"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        # unit tests bring their own rows, so a build of other files tells nothing new about them
        "DBT_EXCLUDE_RESOURCE_TYPES": "unit_test" if data_tests else "unit_test test",
        # Great Expectations has tests of its own
        "NPS_CHECKS": "none",
        # a tenth of a small build is what dbt writes for whoever looks into one
        "DBT_WRITE_JSON": "false",
        "DBT_LOG_LEVEL_FILE": "none",
        KEY_VARIABLE: key,
        **(variables or {}),
    }
    if threads:
        environment["DBT_PROFILES_DIR"] = str(_profile_with_threads(folder / "profile", threads))
    if project == PROJECT:
        lend_parse(environment)
    command = [python, "-m", "nps_chain", "build", "--landing", str(landing)]
    outcome = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    if outcome.returncode:
        lines = (outcome.stdout + outcome.stderr).splitlines()
        raise RuntimeError("the build failed:\n" + "\n".join(lines[-SHOWN_OUTPUT_LINES:]))
    (folder / "build.log").write_text(outcome.stdout, encoding="utf-8")
    return Warehouse(folder / "nps_chain.duckdb", folder / "work.duckdb")


def _profile_with_threads(folder: Path, threads: int) -> Path:
    """Copy the project's profile with another number of threads, dbt's and DuckDB's."""
    profile = yaml.safe_load((PROJECT / "profiles.yml").read_text(encoding="utf-8"))
    output = profile["nps_chain"]["outputs"]["duckdb"]
    output["threads"] = threads
    output["settings"]["threads"] = threads
    folder.mkdir(parents=True)
    (folder / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")
    return folder
