"""What a build made of the corpus, and where that differs from what is written in the cases."""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import duckdb

from bad_input.case import ANSWER, LOADED, WHOLE_ROW, File, Outcome

WITHOUT_USABLE_ROW = "no_usable_row"
REPEATED = ("duplicate_row", "superseded_row")
Fault = tuple[int, str, str | None, str]


@dataclass
class Observed:
    """What stands in the published file and in the staging views, by the path of the file."""

    health: dict[str, dict[str, Any]] = field(default_factory=dict)
    quarantine: dict[str, list[Fault]] = field(default_factory=lambda: defaultdict(list))
    staged: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))


def observe(connection: duckdb.DuckDBPyConnection, datasets: set[str]) -> Observed:
    """Read all of it; `connection` has the published tables, and the working database as `work`."""
    seen = Observed()
    for row in _rows(connection, "select * from mart_pipeline_health"):
        seen.health[row["file_path"]] = row
    for path, *fault in connection.execute(
        "select file_path, line_number, reason_code, column_name, scope from mart_quarantine order by all"
    ).fetchall():
        seen.quarantine[path].append(tuple(fault))
    for dataset in sorted(datasets):
        query = (
            f"select health.file_path, staged.* from work.staging.stg_{dataset} as staged "
            "inner join mart_pipeline_health as health using (file_id) order by line_number"
        )
        for row in _rows(connection, query):
            seen.staged[row["file_path"]].append(row)
    return seen


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def shown(path: str) -> str:
    """The path as it is shown: what could not be seen is written out."""
    return path.replace("\n", "\\u000a").replace("\u202e", "\\u202e")


def complaints(file: File, seen: Observed) -> list[str]:
    """Every difference between what became of the file and what had to; none is good."""
    path, outcome = shown(file.path), file.outcome
    health = seen.health.get(path)
    if health is None:
        return [f"{path} is not listed"]
    found = [
        *_differences("status", health["file_status"], _status(outcome)),
        *_differences("message", _said_of_the_file(health), outcome.message),
        *_differences("rows in", health["rows_in"], outcome.rows_in),
        *_differences("rows quarantined", health["rows_quarantined"], outcome.rows_quarantined),
        *_differences("rows accepted", health["rows_accepted"], outcome.rows_in - outcome.rows_quarantined),
        *_differences("rows erased", health["rows_erased"], len(outcome.erased)),
        *_differences("quarantine", sorted(seen.quarantine[path], key=str), sorted(_faults(outcome), key=str)),
        *_differences("accepted rows", _accepted(outcome, seen.staged[path]), list(outcome.staged)),
    ]
    return [f"{path}: {text}" for text in found]


def _status(outcome: Outcome) -> str:
    """A file of which no row could be used is as good as not read, unless its rows only repeat others."""
    faults = [fault for fault in outcome.quarantined if len(fault) == WHOLE_ROW and fault[1] not in REPEATED]
    is_unusable = outcome.status == LOADED and not outcome.staged and 2 * len(faults) > outcome.rows_in
    return WITHOUT_USABLE_ROW if is_unusable and not outcome.erased else outcome.status


def _said_of_the_file(health: dict[str, Any]) -> str | None:
    """The message but for the sentence that says that no row can be used."""
    message: str | None = health["message"]
    if health["file_status"] != WITHOUT_USABLE_ROW or message is None:
        return message
    return re.sub(r"^.*? can be used \([^)]*\)\.( |$)", "", message) or None


def _differences(what: str, found: object, expected: object) -> list[str]:
    return [] if found == expected else [f"{what}: found {found!r}, expected {expected!r}"]


def _faults(outcome: Outcome) -> list[Fault]:
    return [
        (fault[0], fault[1], fault[2], ANSWER if fault[WHOLE_ROW:] == (ANSWER,) else "row")
        for fault in outcome.quarantined
    ]


def _accepted(outcome: Outcome, rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    columns = [name.strip() for name in outcome.columns.split(",") if name.strip()]
    return [
        (row["line_number"], *(row[column] for column in columns))
        for row in rows
        if row["line_number"] not in outcome.erased
    ]
