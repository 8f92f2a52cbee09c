"""What the readers of all formats share: quickly by DuckDB where a file is well-formed, patiently where it is not."""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa

from nps_chain.contracts.landing import Dataset
from nps_chain.errors import UserError
from nps_chain.intake.files import CHUNK, LandingFile, Scan, scan
from nps_chain.intake.projection import Relation, select_sql
from nps_chain.sql_quoting import literal

Item = TypeVar("Item")

PATIENT_CHUNK_ROWS = 50_000
# Every scan: a folder called country=NL is a name, not a column of the files in it.
NO_PARTITIONS = "hive_partitioning = false"
# Errors that tell of the machine or of the engine, never of what a file holds.
SHORTAGES = (duckdb.OutOfMemoryException, duckdb.InterruptException, duckdb.FatalException, duckdb.InternalException)

MACROS = """
create or replace macro is_json_object(line) as
    case when json_valid(line) then json_type(line) = 'OBJECT' else false end;

-- a path of a name that stands twice: which of its values is meant, nobody can say
create or replace macro names_are_unique(line, paths) as
    len(list_filter(json_keys(line, paths), lambda names: len(names) <> list_unique(names))) = 0;

-- pandas writes a missing number as NaN; infinity is no amount, and stays to be found
create or replace macro number_text(x) as
    case
        when isnan(x) then null
        when x = trunc(x) and abs(x) < 1e37 then cast(cast(x as hugeint) as varchar)
        when contains(cast(x as varchar), 'e')
            then coalesce(rtrim(cast(try_cast(x as decimal(38, 12)) as varchar), '0'), cast(x as varchar))
        else cast(x as varchar)
    end;
"""


class UnreadableFileError(Exception):
    """The whole file cannot be read; the text completes the sentence `... was not read: `."""


def unfinished(error: Exception, dataset: Dataset) -> UserError:
    """The sentence for a data set of which no file is known to be at fault."""
    reason = str(error).strip().splitlines()[0].rstrip(".")
    return UserError(f"The intake of {dataset.name} did not end, nothing was changed, try again: {reason}.")


@dataclass(frozen=True)
class Prepared:
    """A file that can be read, and how."""

    file: LandingFile
    scan: Scan
    calling_code: str | None
    # what DuckDB reads, and what is read line by line: the file, or a copy in another encoding
    read_path: Path
    text_path: Path
    # Files with the same signature are read in one go.
    signature: Hashable
    source: dict[str, str]
    lines: int
    is_quick: bool
    note: str | None = None
    width: int = 0
    # of delimited text: the line on which its heading begins, and what separates its fields
    heading_line: int = 1
    delimiter: str = ","
    # a Parquet file with a column of one of SCAN_NAMES is read on its own, and its rows are counted
    hides_scan: bool = False


@dataclass(frozen=True)
class Text:
    """A text file that can be read: the file itself, or a copy in UTF-8."""

    path: Path
    scan: Scan
    note: str | None = None


class Reader(ABC):
    """Reads the files of one data set into rows of its raw file."""

    # whether a file that DuckDB cannot read at once can be read piece by piece
    has_patience = True

    def __init__(self, connection: duckdb.DuckDBPyConnection, dataset: Dataset, temporary: Path) -> None:
        self.connection = connection
        self.dataset = dataset
        self.temporary = temporary
        # fields of files that were read patiently, until they are worth a query: planning one takes longer than
        # most such files
        self._waiting: dict[Hashable, list[tuple[Prepared, pa.Table]]] = {}
        self._waiting_rows = 0

    @property
    def delimiter(self) -> str:
        """What separates a line's fields for the quick way; a scan counts it."""
        return self.dataset.delimiter

    @abstractmethod
    def prepare(self, file: LandingFile, calling_code: str | None) -> Prepared:
        """Look at the file; raise UnreadableFileError if nothing of it can be used."""

    @abstractmethod
    def quick_relation(self, files: list[Prepared]) -> Relation:
        """The files of one signature, read by DuckDB."""

    @abstractmethod
    def read_patiently(self, prepared: Prepared) -> None:
        """Let the file's good rows wait for the table `patient`, and add its bad ones to `rejects`."""

    def patient_query(self) -> str:
        """The rows among the fields that wait: the columns `file_index` and `line`, and those that the source names."""
        return "from patient_chunk"

    def quick_rejects(self, prepared: Prepared, rows: int) -> list[int] | None:
        """Lines that the quick way rightly left out; None if the rows it read are not all that the file has."""
        return [] if rows == prepared.lines else None

    def is_damaged(self, path: Path) -> bool:
        """Whether the file itself, not the machine, keeps it from being read; text can always be read."""
        return False

    def reject(self, file: LandingFile, lines: list[int], reasons: list[str]) -> None:
        """Note records that could not be split into fields."""
        if lines:
            chunk = pa.table({"line_number": pa.array(lines, pa.int64()), "reason": pa.array(reasons, pa.string())})
            self.connection.register("reject_chunk", chunk)
            self.connection.execute(
                f"insert into rejects select {literal(self.dataset.name)}, {file.file_id}, line_number, reason "
                "from reject_chunk"
            )
            self.connection.unregister("reject_chunk")

    def wait(self, prepared: Prepared, chunk: pa.Table) -> None:
        """Keep a chunk of raw fields until there are enough. They stay in memory: what people are called is in them."""
        self._waiting.setdefault(tuple(prepared.source.items()), []).append((prepared, chunk))
        self._waiting_rows += chunk.num_rows
        if self._waiting_rows >= PATIENT_CHUNK_ROWS:
            self.insert_waiting()

    def insert_waiting(self) -> None:
        """Turn the raw fields that wait into rows of `patient`, by the same SQL as the quick way."""
        for chunks_of_source in filter(None, self._waiting.values()):
            files = list({prepared.file.file_id: prepared for prepared, _ in chunks_of_source}.values())
            places = {prepared.file.file_id: place for place, prepared in enumerate(files)}
            tables = [
                chunk.append_column(
                    "file_index", pa.array([places[prepared.file.file_id]] * chunk.num_rows, pa.int64())
                )
                for prepared, chunk in chunks_of_source
            ]
            self.connection.register("patient_chunk", pa.concat_tables(tables, promote_options="default"))
            self.insert_chunk(files)
            self.connection.unregister("patient_chunk")
        self._waiting, self._waiting_rows = {}, 0

    def insert_chunk(self, files: list[Prepared]) -> None:
        """Add the rows of the registered `patient_chunk`."""
        facts = tuple((prepared.file, prepared.calling_code, 0) for prepared in files)
        relation = Relation(self.patient_query(), files[0].source, facts, sequence="line")
        self.connection.execute(f"insert into patient {select_sql(self.dataset, relation)}")

    def forget(self, file_id: int) -> None:
        """Drop what was read of a file that turned out to be unreadable."""
        for source, waiting in self._waiting.items():
            self._waiting[source] = [
                (prepared, chunk) for prepared, chunk in waiting if prepared.file.file_id != file_id
            ]
        for table in ("patient", "rejects"):
            self.connection.execute(f"delete from {table} where file_id = {file_id}")

    def open_text(self, file: LandingFile) -> Text:
        """The bytes of a text file, unless they are no text at all."""
        result = scan(file.path, text=True, delimiter=self.delimiter)
        if result.size == 0:
            raise UnreadableFileError("it is empty")
        if result.packed:
            raise UnreadableFileError(result.packed)
        text = self._from_utf16(file, result, result.utf16) if result.utf16 else Text(file.path, result)
        if text.scan.newlines == 0 and text.scan.carriage_returns > 0:
            raise UnreadableFileError("its lines end in a bare carriage return; save it with LF or CRLF line ends")
        return text

    def _from_utf16(self, file: LandingFile, original: Scan, codec: str) -> Text:
        """A copy in UTF-8, which the intake removes; in the manifest the file stays what it is."""
        copy = self.temporary / f"{file.file_id}.utf16"
        try:
            with (
                file.path.open(encoding=codec, newline="") as source,
                copy.open("w", encoding="utf-8", newline="") as to,
            ):
                while chunk := source.read(CHUNK):
                    to.write(chunk)
        except UnicodeError as error:
            copy.unlink()
            raise UnreadableFileError("it is UTF-16 and damaged; save it as UTF-8") from error
        result = scan(copy, text=True, delimiter=self.delimiter)
        result = replace(result, size=original.size, content_hash=original.content_hash)
        return Text(copy, result, "It was read as UTF-16.")

    def facts(self, files: list[Prepared], heading_lines: int) -> tuple[tuple[LandingFile, str | None, int], ...]:
        """Per file what turns the running number over all files into the file's own line number."""
        facts = []
        before = 0
        for prepared in files:
            facts.append((prepared.file, prepared.calling_code, before - heading_lines))
            before += prepared.lines
        return tuple(facts)


def chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    """The items in lists of a size that pays."""
    iterator = iter(items)
    while chunk := list(islice(iterator, PATIENT_CHUNK_ROWS)):
        yield chunk
