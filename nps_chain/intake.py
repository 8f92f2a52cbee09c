"""The intake: every file of the landing folder is parsed once into `warehouse/raw`.

Nothing that identifies a person is written: identities become keyed hashes, personal columns are not read,
and the manifest and the rejects hold places and reasons, never content.
"""

import hashlib
import os
import shutil
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import duckdb

from nps_chain import contract as contract_module
from nps_chain import delimited, erasure, formats, identity, projection
from nps_chain import files as files_module
from nps_chain import raw as raw_module
from nps_chain.contract import CONTRACT_PATH, Contract, Dataset, load_contract
from nps_chain.errors import UserError
from nps_chain.files import LandingFile, count_files, list_landing, path_hash, scan
from nps_chain.formats import MACROS, READERS, SHORTAGES, Prepared, Reader, UnreadableFileError, unfinished
from nps_chain.memory import connect
from nps_chain.projection import create_table, literal, schema, select_sql
from nps_chain.raw import (
    CHANGES,
    ERASED,
    ERASED_ROWS,
    FAILED,
    LOADED,
    MISSING,
    REJECTS,
    UNKNOWN,
    FileResult,
    Load,
    changes_path,
    dataset_folder,
    dataset_sql,
    execute_copy,
    link,
    part_name,
    part_number,
    parts_sql,
    read_load,
    read_manifest,
    swap,
    write_load,
    write_manifest,
)

PARTNERS = "chain__partners"
# A file from this size on is worth a query of its own.
LARGE_BYTES = 1 << 26
# With more parts than this a data set is written anew in one.
MAX_PARTS = 16


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
    _tidy(raw)
    fingerprint = _fingerprint(key)
    previous = Previous() if anew else Previous.of(raw, fingerprint)
    fresh = raw.with_name(f"{raw.name}.new-{os.getpid()}")
    scratch = temporary or raw.with_name("tmp")
    try:
        fresh.mkdir(parents=True)
        _empty(scratch)
        with connect(scratch) as connection:
            intake = Intake(connection, contract, files, fresh, scratch, key, progress, previous, fingerprint)
            summary = intake.run()
        swap(fresh, raw)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(scratch, ignore_errors=True)
    return summary


def _fingerprint(key: str) -> str:
    """What decides, beside a file's own bytes, which rows are made of it: the key, the contract and this code."""
    digest = hashlib.sha256(f"fingerprint|{key}".encode())
    modules = (contract_module, delimited, erasure, files_module, formats, identity, projection, raw_module)
    sources = [Path(str(module.__file__)) for module in modules]
    for path in (*sources, Path(__file__), CONTRACT_PATH, identity.COUNTRIES_PATH):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class Previous:
    """The last intake's raw folder, so far as it can be taken over; without a folder nothing can."""

    raw: Path | None = None
    load: Load | None = None
    files: dict[str, FileResult] = field(default_factory=dict)

    @classmethod
    def of(cls, raw: Path, fingerprint: str) -> "Previous":
        """The folder, if it was made in the way in which a new one would be."""
        load = read_load(raw)
        if load is None or load.fingerprint != fingerprint:
            return cls()
        return cls(raw, load, {file.file_path: file for file in read_manifest(raw) if file.status == LOADED})

    def unchanged(self, file: LandingFile, calling_code: str | None) -> FileResult | None:
        """What the last intake made of the file, if the file and all that its rows depend on are as they were."""
        known = self.files.get(file.relative)
        if known is None or file.problem or file.dataset is None or known.dataset != file.dataset.name:
            return None
        if known.calling_code != calling_code or known.bytes != _size(file.path):
            return None
        try:
            same = scan(file.path, text=False).content_hash == known.content_hash
        except OSError:
            return None
        return replace(known, file_number=file.number) if same else None

    def of_dataset(self, dataset: Dataset) -> list[FileResult]:
        """The files of a data set that were loaded."""
        return [file for file in self.files.values() if file.dataset == dataset.name]

    def parts_of(self, files: list[FileResult]) -> list[Path]:
        """The parts that hold the rows of these files."""
        raw = self.raw
        return sorted({dataset_folder(raw, str(file.dataset)) / str(file.part) for file in files}) if raw else []


def _check_apart(landing: Path, raw: Path) -> None:
    if raw.resolve().is_relative_to(landing.resolve()):
        raise UserError(f"The raw folder {raw} lies in the landing folder; choose another place for the warehouse.")


def _empty(folder: Path) -> None:
    """A scratch folder that only the owner can look into: it may hold clear text for a moment."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)


def _tidy(raw: Path) -> None:
    """Put right what a killed intake left behind."""
    for old in sorted(raw.parent.glob(f"{raw.name}.old-*")):
        if raw.exists():
            shutil.rmtree(old)
        else:
            old.rename(raw)
    for fresh in raw.parent.glob(f"{raw.name}.new-*"):
        shutil.rmtree(fresh, ignore_errors=True)


def _size(path: Path) -> int:
    """Bytes of the file; 0 if it has gone since it was listed."""
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _sentence(file: LandingFile, error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return f"{file.relative} was not read: {reason or 'the file cannot be opened'}."


@dataclass(frozen=True, eq=False)
class Work:
    """What there is to do for a data set: files whose rows stay, files whose rows go, and files to read."""

    dataset: Dataset
    kept: list[FileResult]
    gone: list[FileResult]
    changed: list[LandingFile]
    # of the files to read, and of the old parts that lose rows
    bytes: tuple[int, ...]


class Intake:
    """One run over one landing folder."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        contract: Contract,
        files: list[LandingFile],
        raw: Path,
        scratch: Path,
        key: str,
        progress: Callable[[str], None],
        previous: Previous,
        fingerprint: str,
    ) -> None:
        self.connection = connection
        self.contract = contract
        self.files = files
        self.raw = raw
        self.scratch = scratch
        self.key = key
        self.progress = progress
        self.previous = previous
        self.fingerprint = fingerprint
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
        (self.raw / CHANGES).mkdir()
        results = self._load(self._sort_out(self.contract.dataset(PARTNERS)))
        self.partner_calling_codes = self._read_calling_codes()
        results += self._load_others([dataset for dataset in self.contract.datasets if dataset.name != PARTNERS])
        files = self._complete(results)
        summary = Summary(files, self._load_of(files), kept=len(self.kept))
        _check_keys_are_apart(summary.files)
        summary.unmet = self._unmet(summary.files)
        summary.rejects = self._write_rejects()
        write_manifest(self.raw, summary.files)
        for name in (ERASED, ERASED_ROWS):
            if self.previous.raw and (self.previous.raw / name).is_file():
                link(self.previous.raw / name, self.raw / name)
        write_load(self.raw, summary.load)
        return summary

    def _load_others(self, datasets: list[Dataset]) -> list[FileResult]:
        """Read data sets with a large file in turn, all threads on one; then the others side by side, a thread each.

        Numbering lines is a matter of one thread. Queries side by side that may use all threads wait for each other's,
        and waiting takes a third of the processor.
        """
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            works = sorted(pool.map(self._sort_out, datasets), key=lambda work: sum(work.bytes), reverse=True)
            large = [work for work in works if max(work.bytes, default=0) >= LARGE_BYTES]
            results = [result for work in large for result in self._load(work)]
            self.connection.execute("set threads = 1")
            for loaded in pool.map(self._load, [work for work in works if work not in large]):
                results += loaded
        self.connection.execute("reset threads")
        return results

    def _load(self, work: Work) -> list[FileResult]:
        dataset = work.dataset
        with self.connection.cursor() as cursor:
            identity.set_key(cursor, self.key)
            parts = Parts(cursor, dataset, self.previous, self.raw)
            parts.keep(work.kept, work.gone)
            results: list[FileResult] = []
            if work.changed or parts.is_empty:
                loader = DatasetLoader(cursor, dataset, parts.add(), self.scratch)
                results = loader.load(work.changed, self.partner_calling_codes)
            results = parts.gather([*work.kept, *results])
            self.changed_rows[dataset.name] = parts.write_changes()
        rows = sum(result.rows_read for result in results)
        self.kept += work.kept
        unread = f", {count_files(len(work.kept))} unchanged" if work.kept else ""
        self.progress(f"{dataset.name}: {count_files(len(results))}, {rows:,} rows{unread}")
        return results

    def _sort_out(self, dataset: Dataset) -> Work:
        kept, changed = [], []
        for file in self.files:
            if file.dataset is not dataset:
                continue
            known = self.previous.unchanged(file, self.partner_calling_codes.get(file.partner_code or ""))
            if known:
                kept.append(known)
            else:
                changed.append(file)
        staying = {file.file_id for file in kept}
        gone = [file for file in self.previous.of_dataset(dataset) if file.file_id not in staying]
        paths = [file.path for file in changed] + self.previous.parts_of(gone)
        return Work(dataset, kept, gone, changed, tuple(map(_size, paths)))

    def _read_calling_codes(self) -> dict[str, str]:
        rows = self.connection.execute(
            "select partner_code, arg_max(upper(country), (valid_from, file_id, line_number)) "
            f"from {dataset_sql(self.raw, PARTNERS)} "
            "where partner_code is not null and country is not null group by partner_code"
        ).fetchall()
        codes = identity.calling_codes()
        return {partner: codes[country] for partner, country in rows if country in codes}

    def _complete(self, results: list[FileResult]) -> list[FileResult]:
        """Add the files of no data set, and a row for each required data set that has no file."""
        unknown = [
            FileResult(file.file_id, file.number, None, file.relative, UNKNOWN, file.problem)
            for file in self.files
            if file.dataset is None
        ]
        with_files = {result.dataset for result in results}
        absent = [dataset for dataset in self.contract.datasets if dataset.required and dataset.name not in with_files]
        missing = [
            FileResult(
                path_hash(dataset.path),
                number,
                dataset.name,
                dataset.path,
                MISSING,
                f"{dataset.path} is required and there is no such file.",
            )
            for number, dataset in enumerate(absent, start=len(self.files) + 1)
        ]
        return sorted([*results, *unknown, *missing], key=lambda result: result.file_number)

    def _unmet(self, files: list[FileResult]) -> list[str]:
        """Say what became of the files of each required data set of which no file could be read."""
        required = {dataset.name for dataset in self.contract.datasets if dataset.required}
        required -= {file.dataset for file in files if file.status == LOADED}
        return [file.message for file in files if file.dataset in required and file.message]

    def _write_rejects(self) -> int:
        if self.kept:
            ids = ", ".join(str(file.file_id) for file in self.kept)
            path = literal(str(self.previous.raw / REJECTS))
            self.connection.execute(f"insert into rejects from read_parquet({path}) where file_id in ({ids})")
        return execute_copy(self.connection, "from rejects order by file_id, line_number", self.raw / REJECTS)

    def _load_of(self, files: list[FileResult]) -> Load:
        """Name the load by its content: the same files read in the same way are the same load."""
        digest = hashlib.sha256(self.fingerprint.encode())
        for file in files:
            told = (file.file_path, file.status, file.content_hash, file.calling_code, file.rows_erased)
            digest.update(repr(told).encode())
        base = self.previous.load.load_id if self.previous.load else None
        staying = {file.file_id for file in self.kept}
        lost = (file for file in self.previous.files.values() if file.file_id not in staying)
        reread = sorted(file.file_id for file in lost if file.rows_erased)
        return Load(digest.hexdigest(), self.fingerprint, base, self.changed_rows, reread)


def _check_keys_are_apart(files: list[FileResult]) -> None:
    """A row's key is its file's key plus its line: the ranges of two files must not meet."""
    ordered = sorted((file for file in files if file.status == LOADED), key=lambda file: file.file_id)
    for file, following in pairwise(ordered):
        if file.file_id + file.last_line >= following.file_id:
            raise UserError(
                f"{file.file_path} and {following.file_path} would give rows of the same key, by a rare chance of "
                "their names; rename one of them."
            )


class Parts:
    """The parts of one data set: those of the last load without the files that went or changed, and a new one."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, dataset: Dataset, previous: Previous, raw: Path) -> None:
        self.connection = connection
        self.dataset = dataset
        self.previous = previous
        self.raw = raw
        self.folder = dataset_folder(raw, dataset.name)
        self.folder.mkdir()
        self.old_folder = dataset_folder(previous.raw, dataset.name) if previous.raw else None
        self.old_files = previous.of_dataset(dataset)
        self.gone: list[FileResult] = []
        self.new: Path | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was taken over."""
        return not any(self.folder.iterdir())

    def keep(self, kept: list[FileResult], gone: list[FileResult]) -> None:
        """Take over the rows of files: a part by a link where all of it stays, by a copy where some rows go."""
        self.gone = gone
        losing: dict[str, list[int]] = defaultdict(list)
        for file in self.gone:
            losing[str(file.part)].append(file.file_id)
        for part in sorted({str(file.part) for file in kept}):
            source = self.old_part(part)
            if part in losing:
                ids = ", ".join(str(file_id) for file_id in losing[part])
                query = f"from {parts_sql([source])} where file_id not in ({ids})"
                execute_copy(self.connection, query, self.folder / part)
            else:
                link(source, self.folder / part)

    def old_part(self, name: str) -> Path:
        """A part of the last load."""
        if self.old_folder is None:
            raise ValueError(f"no load before this one has {name}")
        return self.old_folder / name

    def add(self) -> Path:
        """The path of the new part."""
        self.new = self.folder / part_name(self._next_number())
        return self.new

    def _next_number(self) -> int:
        names = [str(file.part) for file in self.old_files] + [path.name for path in self.folder.iterdir()]
        return 1 + max((part_number(name) for name in names), default=0)

    def gather(self, files: list[FileResult]) -> list[FileResult]:
        """Write a data set of many parts anew in one; return its files with the part that now holds them."""
        paths = sorted(self.folder.iterdir())
        if len(paths) <= MAX_PARTS:
            return files
        target = self.folder / part_name(self._next_number())
        new_rows = self.raw / f"{self.dataset.name}.new"
        if self.new:
            link(self.new, new_rows)
        execute_copy(self.connection, f"from {parts_sql(paths)}", target)
        for path in paths:
            path.unlink()
        self.new = new_rows if self.new else None
        return [replace(file, part=target.name) if file.part else file for file in files]

    def write_changes(self) -> int:
        """Write the rows that went and those that came; a line that stands unchanged in a changed file is neither."""
        target = changes_path(self.raw, self.dataset.name)
        columns = ", ".join(f'cast(null as {kind}) as "{name}"' for name, kind in schema(self.dataset).items())
        nothing = f"select {columns} where false"
        old = nothing
        if self.gone:
            ids = ", ".join(str(file.file_id) for file in self.gone)
            old = f"select * from {parts_sql(self.previous.parts_of(self.gone))} where file_id in ({ids})"
        # of a load that read all anew nobody asks what changed
        new = f"select * from {parts_sql([self.new])}" if self.new and self.old_folder else nothing
        query = f"(({old}) except all ({new})) union all (({new}) except all ({old}))"
        rows = execute_copy(self.connection, query, target)
        if self.new and self.new.parent == self.raw:
            self.new.unlink()
        return rows


class DatasetLoader:
    """Writes one data set's raw file."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, dataset: Dataset, target: Path, scratch: Path) -> None:
        self.connection = connection
        self.dataset = dataset
        self.scratch = scratch
        self.part = target.name
        self.target_sql = literal(str(target))
        self.reader: Reader = READERS[dataset.format](connection, dataset, scratch)
        self.failed: dict[int, FileResult] = {}
        # lines without a row in the files that were read the quick way, by the last write
        self.left_out: dict[int, list[int] | None] = {}

    def load(self, files: list[LandingFile], calling_codes: dict[str, str]) -> list[FileResult]:
        """Read the files, quickly where that proves right, and account for every line."""
        create_table(self.connection, "patient", self.dataset)
        prepared = self._prepare(files, calling_codes)
        quick = [file for file in prepared if file.is_quick]
        self._read_patiently([file for file in prepared if not file.is_quick])
        while wrong := self._write(quick):
            self._read_patiently(wrong)
            quick = [file for file in quick if file not in wrong]
        for file in quick:
            lines = self.left_out[file.file.file_id] or []
            self.reader.reject(file.file, lines, ["not_json"] * len(lines))
        counted = self._count_rows()
        loaded = [self._result(file, counted) for file in prepared if file.file.file_id not in self.failed]
        for file in prepared:
            if file.read_path != file.file.path:
                file.read_path.unlink()
        return [*loaded, *self.failed.values()]

    def _prepare(self, files: list[LandingFile], calling_codes: dict[str, str]) -> list[Prepared]:
        prepared = []
        for file in files:
            if file.problem:
                self._fail(file, file.problem)
                continue
            try:
                prepared.append(self.reader.prepare(file, calling_codes.get(file.partner_code or "")))
            except (UnreadableFileError, OSError) as error:
                self._fail(file, _sentence(file, error))
        return prepared

    def _fail(self, file: LandingFile, message: str) -> None:
        if not os.path.lexists(file.path):
            # not a bad file: who read on without it would publish that its rows are gone
            raise UserError(f"{file.relative} vanished while it was being read, so nothing was published; build again.")
        self.failed[file.file_id] = FileResult(
            file.file_id, file.number, self.dataset.name, file.relative, FAILED, message, bytes=_size(file.path)
        )

    def _read_patiently(self, files: list[Prepared]) -> None:
        for file in files:
            try:
                self.reader.read_patiently(file)
            except (UnreadableFileError, OSError) as error:
                for table in ("patient", "rejects"):
                    self.connection.execute(f"delete from {table} where file_id = {file.file.file_id}")
                self._fail(file.file, _sentence(file.file, error))

    def _write(self, quick: list[Prepared]) -> list[Prepared]:
        """Write the raw file and return the files that the quick way did not read right."""
        groups: dict[object, list[Prepared]] = {}
        for file in quick:
            is_large = file.scan.size >= LARGE_BYTES
            groups.setdefault(file.file.file_id if is_large else file.signature, []).append(file)
        try:
            queries = [self._group_query(group) for group in groups.values()]
            self._copy(" union all ".join([*queries, "from patient"]))
        except duckdb.Error as error:
            if not quick:
                raise
            return self._at_fault(quick, error)
        return self._miscounted(quick)

    def _at_fault(self, quick: list[Prepared], error: duckdb.Error) -> list[Prepared]:
        """Name the files that caused the error; a shortage of the machine must not cost a file that is intact."""
        if isinstance(error, SHORTAGES):
            wrong = [file for file in quick if self.reader.is_damaged(file.read_path)]
        else:
            wrong = [file for file in quick if not self._can_be_read(file)]
            if self.reader.has_patience:
                return wrong or quick
        if not wrong:
            raise unfinished(error, self.dataset) from error
        return wrong

    def _copy(self, query: str) -> None:
        columns = ", ".join(f'cast("{name}" as {kind}) as "{name}"' for name, kind in schema(self.dataset).items())
        self.connection.execute(f"copy (select {columns} from ({query})) to {self.target_sql} (format parquet)")

    def _group_query(self, group: list[Prepared]) -> str:
        """The rows of one signature; a large file is first parsed by all threads, in order, and numbered afterwards."""
        relation = self.reader.quick_relation(group)
        if relation.is_numbered or group[0].scan.size < LARGE_BYTES:
            return select_sql(self.dataset, relation)
        staged = literal(str(self.scratch / f"{self.dataset.name}-{group[0].file.file_id}.parquet"))
        unnumbered = select_sql(self.dataset, replace(relation, sequence="0"))
        self.connection.execute(f"copy ({unnumbered}) to {staged} (format parquet)")
        columns = ", ".join(name for name in schema(self.dataset) if name not in ("file_id", "line_number"))
        return (
            f"select file_id, file_row_number + 1 + line_number as line_number, {columns} "
            f"from read_parquet({staged}, file_row_number = true, hive_partitioning = false)"
        )

    def _can_be_read(self, file: Prepared) -> bool:
        query = select_sql(self.dataset, self.reader.quick_relation([file]))
        try:
            self.connection.execute(f"select max(columns(*)) from ({query})").fetchall()
        except duckdb.Error as error:
            if isinstance(error, SHORTAGES) and not self.reader.is_damaged(file.read_path):
                raise unfinished(error, self.dataset) from error
            return False
        return True

    def _miscounted(self, quick: list[Prepared]) -> list[Prepared]:
        """Name the files that gave another number of rows than they have lines.

        A row too few shifts the line numbers of all files behind it, so those files are read again without it.
        Where all counts agree, every line number must lie in its file.
        """
        rows = {
            file_id: (count, first, last)
            for file_id, count, first, last in self.connection.execute(
                "select file_id, count(*), min(line_number), max(line_number) "
                f"from read_parquet({self.target_sql}) group by file_id"
            ).fetchall()
        }
        self.left_out = {
            file.file.file_id: self.reader.quick_rejects(file, rows.get(file.file.file_id, (0, 0, 0))[0])
            for file in quick
        }
        wrong = [file for file in quick if self.left_out[file.file.file_id] is None]
        if wrong:
            return wrong
        heading = 1 if self.dataset.format == "csv" else 0
        return [
            file
            for file in quick
            if (found := rows.get(file.file.file_id)) and not (found[1] > heading and found[2] <= file.lines + heading)
        ]

    def _count_rows(self) -> dict[int, tuple[int, int]]:
        """Per file the records and the last line, of those that became rows and those that did not."""
        counted = self.connection.execute(
            "select file_id, count(*), max(line_number) from ("
            f"select file_id, line_number from read_parquet({self.target_sql}) "
            f"union all select file_id, line_number from rejects where dataset = {literal(self.dataset.name)}"
            ") group by file_id"
        ).fetchall()
        return {file_id: (count, last) for file_id, count, last in counted}

    def _result(self, file: Prepared, counted: dict[int, tuple[int, int]]) -> FileResult:
        rows_read, last_line = counted.get(file.file.file_id, (0, 0))
        return FileResult(
            file_id=file.file.file_id,
            file_number=file.file.number,
            dataset=self.dataset.name,
            file_path=file.file.relative,
            status=LOADED,
            message=file.note,
            rows_read=rows_read,
            last_line=last_line,
            bytes=file.scan.size,
            content_hash=file.scan.content_hash,
            calling_code=file.calling_code,
            part=self.part,
        )
