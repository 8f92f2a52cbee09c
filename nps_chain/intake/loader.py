"""One data set's new files into one part of the raw folder, every line accounted for."""

import os
from dataclasses import replace
from pathlib import Path

import duckdb

from nps_chain.contracts.landing import Dataset
from nps_chain.errors import UserError
from nps_chain.intake.files import LandingFile, size_of
from nps_chain.intake.month_first import reject_month_first
from nps_chain.intake.projection import create_table, schema, select_sql
from nps_chain.intake.readers import READERS
from nps_chain.intake.readers.reader import SHORTAGES, Prepared, Reader, UnreadableFileError, unfinished
from nps_chain.raw_folder import FAILED, LOADED, FileResult
from nps_chain.sql_quoting import literal

# A file from this size on is worth a query of its own.
LARGE_BYTES = 1 << 26


def _sentence(file: LandingFile, error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return f"{file.relative} was not read: {reason or 'the file cannot be opened'}."


class DatasetLoader:
    """Writes one data set's raw file."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, dataset: Dataset, target: Path, scratch: Path) -> None:
        self.connection = connection
        self.dataset = dataset
        self.scratch = scratch
        self.part = target.name
        self.target = target
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
        month_first = reject_month_first(self.connection, self.dataset, self.target)
        counted = self._count_rows()
        loaded = [
            self._result(file, counted, month_first.get(file.file.file_id))
            for file in prepared
            if file.file.file_id not in self.failed
        ]
        for file in prepared:
            for copy in {file.read_path, file.text_path} - {file.file.path}:
                copy.unlink()
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
            file.file_id, file.number, self.dataset.name, file.relative, FAILED, message, bytes=size_of(file.path)
        )

    def _read_patiently(self, files: list[Prepared]) -> None:
        for file in files:
            try:
                self.reader.read_patiently(file)
            except (UnreadableFileError, OSError) as error:
                self.reader.forget(file.file.file_id)
                self._fail(file.file, _sentence(file.file, error))
        self.reader.insert_waiting()

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

    def _result(self, file: Prepared, counted: dict[int, tuple[int, int]], fault: str | None) -> FileResult:
        rows_read, last_line = counted.get(file.file.file_id, (0, 0))
        return FileResult(
            file_id=file.file.file_id,
            file_number=file.file.number,
            dataset=self.dataset.name,
            file_path=file.file.relative,
            status=LOADED,
            message=" ".join(filter(None, (fault, file.note))) or None,
            rows_read=rows_read,
            last_line=last_line,
            bytes=file.scan.size,
            content_hash=file.scan.content_hash,
            calling_code=file.calling_code,
            part=self.part,
        )
