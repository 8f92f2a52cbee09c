"""The intake: every file of the landing folder is parsed once into `warehouse/raw`.

Nothing that identifies a person is written: identities become keyed hashes, personal columns are not read,
and the manifest and the rejects hold places and reasons, never content.
"""

import hashlib
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import duckdb

from nps_chain.contracts.landing import Contract, Dataset, load_contract
from nps_chain.errors import UserError
from nps_chain.intake import loader
from nps_chain.intake.file_ids import path_hash
from nps_chain.intake.files import LandingFile, list_landing, size_of
from nps_chain.intake.loader import DatasetLoader
from nps_chain.intake.parts import Parts
from nps_chain.intake.previous import Previous, fingerprint
from nps_chain.intake.readers.reader import MACROS
from nps_chain.memory import connect
from nps_chain.messages import count_files
from nps_chain.people import identity, registry
from nps_chain.raw_folder import (
    CHANGES,
    ERASED,
    ERASED_ROWS,
    LOADED,
    MISSING,
    REJECTS,
    UNKNOWN,
    FileResult,
    Load,
    dataset_sql,
    execute_copy,
    link,
    swap,
    tidy,
    write_load,
    write_manifest,
)
from nps_chain.sql_quoting import literal

PARTNERS = "chain__partners"


@dataclass
class Summary:
    """What became of every file."""

    files: list[FileResult]
    load: Load
    rejects: int = 0
    # why nothing can be built from this folder, a sentence each
    unmet: list[str] = field(default_factory=list)
    # files that were taken over from the last intake, unread
    kept: int = 0

    @property
    def rows_read(self) -> int:
        """Records read from all files."""
        return sum(file.rows_read for file in self.files)

    def with_status(self, status: str) -> list[FileResult]:
        """The files that ended so."""
        return [file for file in self.files if file.status == status]


def run(
    landing: Path,
    raw: Path,
    key: str,
    temporary: Path | None = None,
    progress: Callable[[str], None] = lambda line: None,
    anew: bool = False,
) -> Summary:
    """Read the landing folder into the raw folder; a run that does not end leaves the old raw folder.

    Files that have not changed since the last run are taken over from its raw folder, unless all is to be read `anew`.
    """
    contract = load_contract()
    files = list_landing(landing, contract)
    _check_apart(landing, raw)
    tidy(raw)
    made_by = fingerprint(key)
    previous = Previous() if anew else Previous.of(raw, made_by)
    fresh = raw.with_name(f"{raw.name}.new-{os.getpid()}")
    scratch = temporary or raw.with_name("tmp")
    task = Task(contract, files, fresh, scratch, key, progress, previous, made_by)
    try:
        fresh.mkdir(parents=True)
        _empty(scratch)
        with connect(scratch) as connection:
            summary = Intake(connection, task).run()
        swap(fresh, raw)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(scratch, ignore_errors=True)
    return summary


def _check_apart(landing: Path, raw: Path) -> None:
    if raw.resolve().is_relative_to(landing.resolve()):
        raise UserError(f"The raw folder {raw} lies in the landing folder; choose another place for the warehouse.")


def _empty(folder: Path) -> None:
    """A scratch folder that only the owner can look into: it may hold clear text for a moment."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)


@dataclass(frozen=True, eq=False)
class Work:
    """What there is to do for a data set: files whose rows stay, files whose rows go, and files to read."""

    dataset: Dataset
    kept: list[FileResult]
    gone: list[FileResult]
    changed: list[LandingFile]
    # of the files to read, and of the old parts that lose rows
    bytes: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Task:
    """What one run reads, where it writes, and with what."""

    contract: Contract
    files: list[LandingFile]
    raw: Path
    scratch: Path
    key: str
    progress: Callable[[str], None]
    previous: Previous
    # of the key, the contract and the code
    fingerprint: str


class Intake:
    """One run over one landing folder."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, task: Task) -> None:
        self.connection = connection
        self.task = task
        self.partner_calling_codes: dict[str, str] = {}
        self.changed_rows: dict[str, int] = {}
        self.kept: list[FileResult] = []

    def run(self) -> Summary:
        """Read the partners first, since their countries complete phone numbers; then all the rest."""
        identity.create_macros(self.connection)
        self.connection.execute(MACROS)
        self.connection.execute(
            "create table rejects (dataset varchar, file_id bigint, line_number bigint, reason varchar)"
        )
        (self.task.raw / CHANGES).mkdir()
        results = self._load(self._sort_out(self.task.contract.dataset(PARTNERS)))
        self.partner_calling_codes = self._read_calling_codes()
        results += self._load_others([dataset for dataset in self.task.contract.datasets if dataset.name != PARTNERS])
        files = self._complete(results)
        summary = Summary(files, self._load_of(files), kept=len(self.kept))
        _check_keys_are_apart(summary.files)
        summary.unmet = self._unmet(summary.files)
        summary.rejects = self._write_rejects()
        write_manifest(self.task.raw, summary.files)
        for name in (ERASED, ERASED_ROWS):
            if self.task.previous.raw and (self.task.previous.raw / name).is_file():
                link(self.task.previous.raw / name, self.task.raw / name)
        registry.lend_nothing(self.task.raw)
        write_load(self.task.raw, summary.load)
        return summary

    def _load_others(self, datasets: list[Dataset]) -> list[FileResult]:
        """Read data sets with a large file in turn, all threads on one; then the others side by side, a thread each.

        Numbering lines is a matter of one thread. Queries side by side that may use all threads wait for each other's,
        and waiting takes a third of the processor.
        """
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            works = sorted(pool.map(self._sort_out, datasets), key=lambda work: sum(work.bytes), reverse=True)
            large = [work for work in works if max(work.bytes, default=0) >= loader.LARGE_BYTES]
            results = [result for work in large for result in self._load(work)]
            self.connection.execute("set threads = 1")
            for loaded in pool.map(self._load, [work for work in works if work not in large]):
                results += loaded
        self.connection.execute("reset threads")
        return results

    def _load(self, work: Work) -> list[FileResult]:
        dataset = work.dataset
        with self.connection.cursor() as cursor:
            identity.set_key(cursor, self.task.key)
            parts = Parts(cursor, dataset, self.task.previous, self.task.raw)
            parts.keep(work.kept, work.gone)
            results: list[FileResult] = []
            if work.changed or parts.is_empty:
                part_loader = DatasetLoader(cursor, dataset, parts.add(), self.task.scratch)
                results = part_loader.load(work.changed, self.partner_calling_codes)
            results = parts.gather([*work.kept, *results])
            self.changed_rows[dataset.name] = parts.write_changes()
        rows = sum(result.rows_read for result in results)
        self.kept += work.kept
        unread = f", {count_files(len(work.kept))} unchanged" if work.kept else ""
        self.task.progress(f"{dataset.name}: {count_files(len(results))}, {rows:,} rows{unread}")
        return results

    def _sort_out(self, dataset: Dataset) -> Work:
        kept, changed = [], []
        for file in self.task.files:
            if file.dataset is not dataset:
                continue
            known = self.task.previous.unchanged(file, self.partner_calling_codes.get(file.partner_code or ""))
            if known:
                kept.append(known)
            else:
                changed.append(file)
        staying = {file.file_id for file in kept}
        gone = [file for file in self.task.previous.of_dataset(dataset) if file.file_id not in staying]
        paths = [file.path for file in changed] + self.task.previous.parts_of(gone)
        return Work(dataset, kept, gone, changed, tuple(map(size_of, paths)))

    def _read_calling_codes(self) -> dict[str, str]:
        partners = self.task.contract.dataset(PARTNERS)
        numbers = ", ".join(f"({file.file_id}, {file.number})" for file in self.task.files if file.dataset is partners)
        if not numbers:
            return {}
        rows = self.connection.execute(
            "select partner_code, arg_max(upper(country), (valid_from, file_number, line_number)) "
            f"from {dataset_sql(self.task.raw, PARTNERS)} "
            f"inner join (values {numbers}) as files (file_id, file_number) using (file_id) "
            "where partner_code is not null and country is not null group by partner_code"
        ).fetchall()
        codes = identity.calling_codes()
        return {partner: codes[country] for partner, country in rows if country in codes}

    def _complete(self, results: list[FileResult]) -> list[FileResult]:
        """Add the files of no data set, and a row for each required data set that has no file."""
        unknown = [
            FileResult(file.file_id, file.number, None, file.relative, UNKNOWN, file.problem)
            for file in self.task.files
            if file.dataset is None
        ]
        with_files = {result.dataset for result in results}
        required = [dataset for dataset in self.task.contract.datasets if dataset.required]
        absent = [dataset for dataset in required if dataset.name not in with_files]
        missing = [
            FileResult(
                path_hash(dataset.path),
                number,
                dataset.name,
                dataset.path,
                MISSING,
                f"{dataset.path} is required and there is no such file.",
            )
            for number, dataset in enumerate(absent, start=len(self.task.files) + 1)
        ]
        return sorted([*results, *unknown, *missing], key=lambda result: result.file_number)

    def _unmet(self, files: list[FileResult]) -> list[str]:
        """Say what became of the files of each required data set of which no file could be read."""
        required = {dataset.name for dataset in self.task.contract.datasets if dataset.required}
        required -= {file.dataset for file in files if file.status == LOADED}
        return [file.message for file in files if file.dataset in required and file.message]

    def _write_rejects(self) -> int:
        if self.kept and self.task.previous.raw:
            ids = ", ".join(str(file.file_id) for file in self.kept)
            path = literal(str(self.task.previous.raw / REJECTS))
            self.connection.execute(f"insert into rejects from read_parquet({path}) where file_id in ({ids})")
        return execute_copy(self.connection, "from rejects order by file_id, line_number", self.task.raw / REJECTS)

    def _load_of(self, files: list[FileResult]) -> Load:
        """Name the load by its content: the same files read in the same way are the same load."""
        digest = hashlib.sha256(self.task.fingerprint.encode())
        for file in files:
            told = (file.file_path, file.status, file.content_hash, file.calling_code, file.rows_erased)
            digest.update(repr(told).encode())
        base = self.task.previous.load.load_id if self.task.previous.load else None
        staying = {file.file_id for file in self.kept}
        lost = (file for file in self.task.previous.files.values() if file.file_id not in staying)
        reread = sorted(file.file_id for file in lost if file.rows_erased)
        return Load(digest.hexdigest(), self.task.fingerprint, base, self.changed_rows, reread)


def _check_keys_are_apart(files: list[FileResult]) -> None:
    """A row's key is its file's key plus its line: the ranges of two files must not meet.

    Files get their keys by their size; one that holds more lines than its bytes allow, or grew meanwhile, is seen here.
    """
    ordered = sorted((file for file in files if file.status == LOADED), key=lambda file: file.file_id)
    for file, following in pairwise(ordered):
        if file.file_id + file.last_line >= following.file_id:
            raise UserError(
                f"{file.file_path} and {following.file_path} would give rows of the same key, by a rare chance of "
                "their names; rename one of them, or build again if one grew meanwhile."
            )
