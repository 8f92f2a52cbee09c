"""The raw folder: what the intake leaves for dbt, and how the next intake finds it again.

- `<data set>/part-<n>.parquet`: the rows, in parts; a part holds whole files
- `_changes/<data set>.parquet`: the rows that this load took away or brought, against the load that it names as base
- `_files.parquet`: the manifest, a row per file
- `_rejects.parquet`: lines that could not be split into fields
- `_erased.parquet`, `_erased_rows.parquet`: only where people were erased: digests that tell whether a later load bears
  on them, and digests of the rows that went
- `_load.json`: which load this is
- `_customer_keys.parquet` and others of KEPT: lent from what outlives a build of everything
"""

import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from nps_chain.sql_quoting import literal, path_list

LOADED, FAILED, MISSING, UNKNOWN = "loaded", "failed", "missing", "unknown"
MANIFEST, REJECTS, LOAD = "_files.parquet", "_rejects.parquet", "_load.json"
ERASED, ERASED_ROWS = "_erased.parquet", "_erased_rows.parquet"
CHANGES = "_changes"
# What outlives a build of everything, with its columns (people/registry.py).
CUSTOMER_KEYS, CUSTOMER_CHANGES, CUSTOMER_BUILDS = "customer_keys", "customer_changes", "customer_builds"
ERASURE_OUTCOMES = "erasure_outcomes"
KEPT = {
    CUSTOMER_KEYS: "node_key bigint, customer_key bigint",
    CUSTOMER_CHANGES: "old_customer_key bigint, new_customer_key bigint, change_kind varchar, build_number bigint, "
    "as_of_on date",
    CUSTOMER_BUILDS: "build_number bigint, last_given_key bigint",
    ERASURE_OUTCOMES: "request_digest bigint, request_id varchar, rows_met bigint, sentence varchar",
}
MANIFEST_SCHEMA = pa.schema(
    [
        ("file_id", pa.int64()),
        ("file_number", pa.int32()),
        ("dataset", pa.string()),
        ("file_path", pa.string()),
        ("status", pa.string()),
        ("message", pa.string()),
        ("rows_read", pa.int64()),
        ("rows_erased", pa.int64()),
        ("last_line", pa.int64()),
        ("bytes", pa.int64()),
        ("content_hash", pa.string()),
        ("calling_code", pa.string()),
        ("part", pa.string()),
    ]
)


@dataclass(frozen=True)
class FileResult:
    """A row of the manifest; `part` names the file of the raw folder that holds the rows."""

    file_id: int
    file_number: int
    dataset: str | None
    file_path: str
    status: str
    message: str | None = None
    rows_read: int = 0
    rows_erased: int = 0
    last_line: int = 0
    bytes: int = 0
    content_hash: str | None = None
    calling_code: str | None = None
    part: str | None = None


@dataclass(frozen=True)
class Load:
    """Which load a raw folder holds, made how, and what it changed since the load `base`; None if all was read anew.

    `reread`: files that went or changed, and of which rows of people were erased before.
    """

    load_id: str
    fingerprint: str
    base: str | None = None
    changed_rows: dict[str, int] = field(default_factory=dict)
    reread: list[int] = field(default_factory=list)


def dataset_folder(raw: Path, dataset: str) -> Path:
    """Where the parts of a data set lie."""
    return raw / dataset


def dataset_sql(raw: Path, dataset: str) -> str:
    """The rows of one data set, as a table function of DuckDB."""
    return f"read_parquet({literal(str(dataset_folder(raw, dataset) / '*.parquet'))}, hive_partitioning = false)"


def parts_sql(parts: list[Path]) -> str:
    """The rows of some parts, as a table function of DuckDB."""
    return f"read_parquet({path_list(parts)}, hive_partitioning = false)"


def part_name(number: int) -> str:
    """The file name of a part; numbers never come again while an older part is there."""
    return f"part-{number:06d}.parquet"


def part_number(name: str) -> int:
    """The number in the file name of a part."""
    return int(Path(name).stem.removeprefix("part-"))


def changes_path(raw: Path, dataset: str) -> Path:
    """The rows that a load took away or brought."""
    return raw / CHANGES / f"{dataset}.parquet"


def link(source: Path, target: Path) -> None:
    """The same file under another name, or a copy where the file system has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def kept_path(raw: Path, name: str) -> Path:
    """Where what is kept is lent to the models."""
    return raw / f"_{name}.parquet"


def swap(fresh: Path, raw: Path) -> None:
    """Put a whole new folder in the place of the old one."""
    old = raw.with_name(f"{raw.name}.old-{os.getpid()}")
    if raw.exists():
        raw.rename(old)
    fresh.rename(raw)
    shutil.rmtree(old, ignore_errors=True)


def tidy(raw: Path) -> None:
    """Put right what a killed run left behind while it made or swapped the folder."""
    for old in sorted(raw.parent.glob(f"{raw.name}.old-*")):
        if raw.exists():
            shutil.rmtree(old)
        else:
            old.rename(raw)
    for fresh in raw.parent.glob(f"{raw.name}.new-*"):
        shutil.rmtree(fresh, ignore_errors=True)


def write_manifest(raw: Path, files: list[FileResult]) -> None:
    """Write the manifest."""
    pq.write_table(pa.Table.from_pylist([asdict(file) for file in files], schema=MANIFEST_SCHEMA), raw / MANIFEST)


def read_manifest(raw: Path) -> list[FileResult]:
    """Read the manifest."""
    return [FileResult(**row) for row in pq.read_table(raw / MANIFEST, schema=MANIFEST_SCHEMA).to_pylist()]


def write_load(raw: Path, load: Load) -> None:
    """Write the identity of the load."""
    (raw / LOAD).write_text(json.dumps(asdict(load), indent=2, sort_keys=True) + "\n", encoding="utf-8")


def read_load(raw: Path) -> Load | None:
    """The identity of the load; None where there is no raw folder, or one of another make."""
    try:
        document: dict[str, Any] = json.loads((raw / LOAD).read_text(encoding="utf-8"))
        return Load(**document)
    except (OSError, ValueError, TypeError):
        return None


def execute_copy(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> int:
    """Write a query's rows as Parquet; return how many."""
    row = connection.execute(f"copy ({query}) to {literal(str(target))} (format parquet)").fetchone()
    return int(row[0]) if row else 0
