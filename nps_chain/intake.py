"""The intake: every file of the landing folder is parsed once into `warehouse/raw`.

Nothing that identifies a person is written: identities become keyed hashes, personal columns are not read,
and the manifest and the rejects hold places and reasons, never content.
"""

import os
import shutil
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from nps_chain import identity
from nps_chain.contract import Contract, Dataset, load_contract
from nps_chain.errors import UserError
from nps_chain.files import LandingFile, count_files, list_landing
from nps_chain.formats import MACROS, READERS, SHORTAGES, Prepared, Reader, UnreadableFileError, unfinished
from nps_chain.projection import create_table, literal, schema, select_sql

PARTNERS = "chain__partners"
LOADED, FAILED, MISSING, UNKNOWN = "loaded", "failed", "missing", "unknown"
DEFAULT_MEMORY_LIMIT = "4GB"
# A file from this size on is worth a query of its own.
LARGE_BYTES = 1 << 26
MANIFEST_SCHEMA = pa.schema(
    [
        ("file_id", pa.int32()),
        ("dataset", pa.string()),
        ("file_path", pa.string()),
        ("status", pa.string()),
        ("message", pa.string()),
        ("rows_read", pa.int64()),
        ("bytes", pa.int64()),
        ("content_hash", pa.string()),
    ]
)


@dataclass(frozen=True)
class FileResult:
    """A row of the manifest."""

    file_id: int
    dataset: str | None
    file_path: str
    status: str
    message: str | None = None
    rows_read: int = 0
    bytes: int = 0
    content_hash: str | None = None


@dataclass
class Summary:
    """What became of every file."""

    files: list[FileResult] = field(default_factory=list)
    rejects: int = 0
    # why nothing can be built from this folder, a sentence each
    unmet: list[str] = field(default_factory=list)

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
) -> Summary:
    """Read the landing folder into the raw folder; a run that does not end leaves the old raw folder."""
    contract = load_contract()
    files = list_landing(landing, contract)
    _check_apart(landing, raw)
    _tidy(raw)
    fresh = raw.with_name(f"{raw.name}.new-{os.getpid()}")
    scratch = temporary or raw.with_name("tmp")
    try:
        fresh.mkdir(parents=True)
        _empty(scratch)
        with duckdb.connect(config=_config(scratch)) as connection:
            summary = Intake(connection, contract, files, fresh, scratch, key, progress).run()
        _swap(fresh, raw)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(scratch, ignore_errors=True)
    return summary


def _check_apart(landing: Path, raw: Path) -> None:
    if raw.resolve().is_relative_to(landing.resolve()):
        raise UserError(f"The raw folder {raw} lies in the landing folder; choose another place for the warehouse.")


def _config(scratch: Path) -> dict[str, str | bool]:
    return {
        "memory_limit": os.environ.get("NPS_MEMORY_LIMIT") or DEFAULT_MEMORY_LIMIT,
        "temp_directory": str(scratch),
        "preserve_insertion_order": True,
    }


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


def _swap(fresh: Path, raw: Path) -> None:
    old = raw.with_name(f"{raw.name}.old-{os.getpid()}")
    if raw.exists():
        raw.rename(old)
    fresh.rename(raw)
    shutil.rmtree(old, ignore_errors=True)


def _size(path: Path) -> int:
    """Bytes of the file; 0 if it has gone since it was listed."""
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _sentence(file: LandingFile, error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return f"{file.relative} was not read: {reason or 'the file cannot be opened'}."


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
    ) -> None:
        self.connection = connection
        self.contract = contract
        self.files = files
        self.raw = raw
        self.scratch = scratch
        self.key = key
        self.progress = progress
        self.partner_calling_codes: dict[str, str] = {}

    def run(self) -> Summary:
        """Read the partners first, since their countries complete phone numbers; then all the rest."""
        identity.create_macros(self.connection)
        self.connection.execute(MACROS)
        self.connection.execute(
            "create table rejects (dataset varchar, file_id integer, line_number bigint, reason varchar)"
        )
        results = self._load(self.contract.dataset(PARTNERS))
        self.partner_calling_codes = self._read_calling_codes()
        others = [dataset for dataset in self.contract.datasets if dataset.name != PARTNERS]
        others.sort(key=self._bytes, reverse=True)
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            for loaded in pool.map(self._load, others):
                results += loaded
        summary = Summary(files=self._complete(results))
        summary.unmet = self._unmet(summary.files)
        summary.rejects = self._write_rejects()
        self._write_manifest(summary.files)
        return summary

    def _bytes(self, dataset: Dataset) -> int:
        return sum(_size(file.path) for file in self._files_of(dataset))

    def _files_of(self, dataset: Dataset) -> list[LandingFile]:
        return [file for file in self.files if file.dataset is dataset]

    def _load(self, dataset: Dataset) -> list[FileResult]:
        with self.connection.cursor() as cursor:
            identity.set_key(cursor, self.key)
            loader = DatasetLoader(cursor, dataset, self.raw / f"{dataset.name}.parquet", self.scratch)
            results = loader.load(self._files_of(dataset), self.partner_calling_codes)
        rows = sum(result.rows_read for result in results)
        self.progress(f"{dataset.name}: {count_files(len(results))}, {rows:,} rows")
        return results

    def _read_calling_codes(self) -> dict[str, str]:
        rows = self.connection.execute(
            "select partner_code, arg_max(upper(country), (valid_from, line_number)) "
            f"from read_parquet({literal(str(self.raw / (PARTNERS + '.parquet')))}) "
            "where partner_code is not null and country is not null group by partner_code"
        ).fetchall()
        codes = identity.calling_codes()
        return {partner: codes[country] for partner, country in rows if country in codes}

    def _complete(self, results: list[FileResult]) -> list[FileResult]:
        """Add the files of no data set, and a row for each required data set that has no file."""
        unknown = [
            FileResult(file.file_id, None, file.relative, UNKNOWN, file.problem)
            for file in self.files
            if file.dataset is None
        ]
        with_files = {result.dataset for result in results}
        absent = [dataset for dataset in self.contract.datasets if dataset.required and dataset.name not in with_files]
        missing = [
            FileResult(
                file_id, dataset.name, dataset.path, MISSING, f"{dataset.path} is required and there is no such file."
            )
            for file_id, dataset in enumerate(absent, start=len(self.files) + 1)
        ]
        return sorted([*results, *unknown, *missing], key=lambda result: result.file_id)

    def _unmet(self, files: list[FileResult]) -> list[str]:
        """Say what became of the files of each required data set of which no file could be read."""
        required = {dataset.name for dataset in self.contract.datasets if dataset.required}
        required -= {file.dataset for file in files if file.status == LOADED}
        return [file.message for file in files if file.dataset in required and file.message]

    def _write_rejects(self) -> int:
        path = literal(str(self.raw / "_rejects.parquet"))
        self.connection.execute(f"copy (from rejects order by file_id, line_number) to {path} (format parquet)")
        row = self.connection.execute("select count(*) from rejects").fetchone()
        return int(row[0]) if row else 0

    def _write_manifest(self, files: list[FileResult]) -> None:
        rows = [vars(file) for file in files]
        pq.write_table(pa.Table.from_pylist(rows, schema=MANIFEST_SCHEMA), self.raw / "_files.parquet")


class DatasetLoader:
    """Writes one data set's raw file."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, dataset: Dataset, target: Path, scratch: Path) -> None:
        self.connection = connection
        self.dataset = dataset
        self.scratch = scratch
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
        read = self._count_rows()
        loaded = [
            self._result(file, read[file.file.file_id]) for file in prepared if file.file.file_id not in self.failed
        ]
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
        self.failed[file.file_id] = FileResult(
            file.file_id, self.dataset.name, file.relative, FAILED, message, bytes=_size(file.path)
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
            f"from read_parquet({staged}, file_row_number = true)"
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

    def _count_rows(self) -> Counter[int]:
        counted = self.connection.execute(
            f"select file_id, count(*) from read_parquet({self.target_sql}) group by file_id "
            "union all select file_id, count(*) from rejects "
            f"where dataset = {literal(self.dataset.name)} group by file_id"
        ).fetchall()
        rows: Counter[int] = Counter()
        for file_id, count in counted:
            rows[file_id] += count
        return rows

    def _result(self, file: Prepared, rows_read: int) -> FileResult:
        return FileResult(
            file_id=file.file.file_id,
            dataset=self.dataset.name,
            file_path=file.file.relative,
            status=LOADED,
            message=file.note,
            rows_read=rows_read,
            bytes=file.scan.size,
            content_hash=file.scan.content_hash,
        )
