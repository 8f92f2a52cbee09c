"""How each format is read: quickly by DuckDB where a file is well-formed, line by line where it is not."""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from nps_chain.contract import Column, Dataset
from nps_chain.delimited import Header, Record, has_wide_line, header_names, match_header, read_records
from nps_chain.errors import UserError
from nps_chain.files import CHUNK, LandingFile, Scan, scan
from nps_chain.identity import BLANKS
from nps_chain.projection import RUNNING_NUMBER, Relation, identifier, literal, path_list, select_sql

Item = TypeVar("Item")

PATIENT_CHUNK_ROWS = 50_000
# A character that no JSON line holds unescaped, so that a line is always one column.
NO_DELIMITER = "\x1f"
MAX_LINE_BYTES = 1 << 24
# The scan of a Parquet file knows the file and the row by these names, unless the file has columns of that name.
SCAN_NAMES = frozenset({"file_index", "file_row_number"})
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
    read_path: Path
    # Files with the same signature are read in one go.
    signature: Hashable
    source: dict[str, str]
    lines: int
    is_quick: bool
    note: str | None = None
    width: int = 0
    # a Parquet file with a column of one of SCAN_NAMES is read on its own, and its rows are counted
    hides_scan: bool = False


class Reader(ABC):
    """Reads the files of one data set into rows of its raw file."""

    # whether a file that DuckDB cannot read at once can be read piece by piece
    has_patience = True

    def __init__(self, connection: duckdb.DuckDBPyConnection, dataset: Dataset, temporary: Path) -> None:
        self.connection = connection
        self.dataset = dataset
        self.temporary = temporary

    @abstractmethod
    def prepare(self, file: LandingFile, calling_code: str | None) -> Prepared:
        """Look at the file; raise UnreadableFileError if nothing of it can be used."""

    @abstractmethod
    def quick_relation(self, files: list[Prepared]) -> Relation:
        """The files of one signature, read by DuckDB."""

    @abstractmethod
    def read_patiently(self, prepared: Prepared) -> None:
        """Add the file's good rows to the table `patient` and its bad ones to `rejects`."""

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

    def insert_patient(self, prepared: Prepared, query: str, chunk: pa.Table, line: str = "line") -> None:
        """Turn a chunk of raw fields into rows, by the same SQL as the quick way."""
        self.connection.register("patient_chunk", chunk)
        facts = ((prepared.file, prepared.calling_code, 0),)
        relation = Relation(query, prepared.source, facts, sequence=line)
        self.connection.execute(f"insert into patient {select_sql(self.dataset, relation)}")
        self.connection.unregister("patient_chunk")

    def scan_text(self, file: LandingFile) -> Scan:
        """The bytes of a text file, unless they are no text at all."""
        result = scan(file.path, text=True, delimiter=self.dataset.delimiter)
        if result.size == 0:
            raise UnreadableFileError("it is empty")
        if result.is_compressed:
            raise UnreadableFileError("it is compressed; unpack it first")
        if result.has_utf16_bom:
            raise UnreadableFileError(f"it is UTF-16; save it as {self.dataset.encoding}")
        if result.newlines == 0 and result.carriage_returns > 0:
            raise UnreadableFileError("its lines end in a bare carriage return; save it with LF or CRLF line ends")
        return result

    def facts(self, files: list[Prepared], heading_lines: int) -> tuple[tuple[LandingFile, str | None, int], ...]:
        """Per file what turns the running number over all files into the file's own line number."""
        facts = []
        before = 0
        for prepared in files:
            facts.append((prepared.file, prepared.calling_code, before - heading_lines))
            before += prepared.lines
        return tuple(facts)


class CsvReader(Reader):
    """Delimited text with a header."""

    def prepare(self, file: LandingFile, calling_code: str | None) -> Prepared:
        """Scan the file and match its header."""
        result = self.scan_text(file)
        decoder = result.decoder(self.dataset.encoding)
        names = self._header(file.path, decoder)
        is_quick = names is not None and result.has_uniform_newlines and result.is_text(self.dataset.encoding)
        if names is None:
            names = self._patient_header(file.path, decoder)
        header = match_header(self.dataset, names)
        if header.problem:
            raise UnreadableFileError(header.problem)
        is_quick = is_quick and not self._has_wide_line(file.path, result, header.width)
        prepared = Prepared(
            file=file,
            scan=result,
            calling_code=calling_code,
            read_path=file.path,
            signature=(tuple(name.casefold() for name in names), result.crlfs > 0),
            source=_positions(header),
            lines=result.lines - 1,
            is_quick=is_quick,
            note=header.note,
            width=header.width,
        )
        return self._transcoded(prepared) if is_quick and decoder != "utf-8" and not result.is_ascii else prepared

    def _header(self, path: Path, decoder: str) -> list[str] | None:
        with path.open("rb") as stream:
            return header_names(stream.readline(), self.dataset.delimiter, decoder)

    def _has_wide_line(self, path: Path, result: Scan, width: int) -> bool:
        """Look at every line, but only if the file holds more delimiters than its lines need."""
        if result.delimiters <= result.lines * (width - 1):
            return False
        with path.open("rb") as stream:
            return has_wide_line(stream, self.dataset.delimiter, width)

    def _patient_header(self, path: Path, decoder: str) -> list[str]:
        with path.open("rb") as stream:
            first = next(read_records(stream, self.dataset.delimiter, decoder), None)
        if first is None or first.fields is None:
            raise UnreadableFileError("it has no readable header")
        return first.fields

    def _transcoded(self, prepared: Prepared) -> Prepared:
        """DuckDB has no Windows-1252, so it reads a copy, which the intake removes."""
        copy = self.temporary / f"{prepared.file.file_id}.utf8"
        with prepared.file.path.open("rb") as source, copy.open("wb") as target:
            while chunk := source.read(CHUNK):
                target.write(chunk.decode("cp1252").encode("utf-8"))
        return replace(prepared, read_path=copy)

    def quick_relation(self, files: list[Prepared]) -> Relation:
        """A scan of well-formed files; a row that is not is skipped, which the count of lines shows."""
        columns = ", ".join(f"'c{position}': 'varchar'" for position in range(files[0].width))
        newline = "\\r\\n" if files[0].scan.crlfs else "\\n"
        query = (
            "select file_index, * from read_csv("
            f"{path_list([prepared.read_path for prepared in files])}, columns = {{{columns}}}, header = true, "
            f"delim = {literal(self.dataset.delimiter)}, quote = '\"', escape = '\"', new_line = {literal(newline)}, "
            f"auto_detect = false, strict_mode = true, ignore_errors = true, {NO_PARTITIONS})"
        )
        return Relation(query, files[0].source, self.facts(files, heading_lines=1))

    def read_patiently(self, prepared: Prepared) -> None:
        """Read record by record; what is none becomes a reject."""
        decoder = prepared.scan.decoder(self.dataset.encoding)
        with prepared.file.path.open("rb") as stream:
            records = read_records(stream, self.dataset.delimiter, decoder, prepared.width)
            next(records)
            for chunk in _chunks(records):
                self._insert(prepared, [record for record in chunk if record.fields is not None])
                bad = [record for record in chunk if record.reason is not None]
                self.reject(prepared.file, [record.line for record in bad], [str(record.reason) for record in bad])

    def _insert(self, prepared: Prepared, records: list[Record]) -> None:
        if not records:
            return
        columns = {"line": pa.array([record.line for record in records], pa.int64())}
        fields = zip(*(record.fields or () for record in records), strict=True)
        for position, values in enumerate(fields):
            columns[f"c{position}"] = pa.array(values, pa.string())
        self.insert_patient(prepared, "select 0 as file_index, * from patient_chunk", pa.table(columns))


def _positions(header: Header) -> dict[str, str]:
    return {name: f"raw.c{position}" for name, position in header.positions.items()}


def _chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, PATIENT_CHUNK_ROWS)):
        yield chunk


class NdjsonReader(Reader):
    """One JSON object a line."""

    def prepare(self, file: LandingFile, calling_code: str | None) -> Prepared:
        """Scan the file; what its lines hold shows when they are read."""
        result = self.scan_text(file)
        return Prepared(
            file=file,
            scan=result,
            calling_code=calling_code,
            read_path=file.path,
            signature=result.crlfs > 0,
            source={column.name: f"raw.fields[{index}]" for index, column in enumerate(self.dataset.columns, start=1)},
            lines=result.lines,
            is_quick=result.has_uniform_newlines and result.is_text("utf-8"),
        )

    def _lines_query(self, files: list[Prepared]) -> str:
        """All lines, in their order."""
        newline = "\\r\\n" if files[0].scan.crlfs else "\\n"
        return (
            "select file_index, text from read_csv("
            f"{path_list([prepared.read_path for prepared in files])}, columns = {{'text': 'varchar'}}, "
            f"header = false, delim = {literal(NO_DELIMITER)}, quote = '', escape = '', new_line = {literal(newline)}, "
            f"max_line_size = {MAX_LINE_BYTES}, auto_detect = false, strict_mode = true, ignore_errors = true, "
            f"{NO_PARTITIONS})"
        )

    def _objects_query(self, lines: str, number: str) -> str:
        """The fields of every line that is a row. Lines are numbered before any is left out.

        Counting them also keeps the engine from judging each twice, in the filter and for its fields.
        """
        paths = ", ".join(literal(_json_path(column.name)) for column in self.dataset.columns)
        fields = f"case when {self._is_row()} then json_extract_string(text, [{paths}]) end as fields"
        return (
            f"select * from (select *, {number} as number from (select * exclude (text), {fields} from ({lines}))) "
            "where fields is not null"
        )

    def _is_row(self) -> str:
        """Whether the text is an object, and each name that leads to a column is there at most once."""
        parents = {"$": None} | {_json_path(column.name.rpartition(".")[0]): None for column in self.dataset.columns}
        paths = ", ".join(literal(path) for path in parents)
        return f"case when is_json_object(text) then names_are_unique(text, [{paths}]) else false end"

    def quick_relation(self, files: list[Prepared]) -> Relation:
        """A scan of whole lines, taken apart as JSON."""
        query = self._objects_query(self._lines_query(files), RUNNING_NUMBER)
        return Relation(query, files[0].source, self.facts(files, heading_lines=0), sequence="number")

    def quick_rejects(self, prepared: Prepared, rows: int) -> list[int] | None:
        """Lines that are no object; blank ones are nothing. Together with the rows they must be all lines."""
        if rows == prepared.lines:
            return []
        others = self.connection.execute(
            f"select number, clean(text) is null from (select *, {RUNNING_NUMBER} as number "
            f"from ({self._lines_query([prepared])})) where not {self._is_row()} order by number"
        ).fetchall()
        if rows + len(others) != prepared.lines:
            return None
        return [line for line, is_blank in others if not is_blank]

    def read_patiently(self, prepared: Prepared) -> None:
        """Judge the bytes of every line, then take the good ones apart like the quick way does."""
        with prepared.file.path.open("rb") as stream:
            for chunk in _chunks(enumerate(stream, start=1)):
                self._insert(prepared, chunk)

    def _insert(self, prepared: Prepared, chunk: list[tuple[int, bytes]]) -> None:
        good: list[tuple[int, str]] = []
        bad: list[tuple[int, str]] = []
        for number, line in chunk:
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError:
                bad.append((number, "nul_byte" if b"\0" in line else "bad_encoding"))
                continue
            if "\0" in text:
                bad.append((number, "nul_byte"))
            elif text.strip(BLANKS):
                good.append((number, text))
        bad += self._insert_objects(prepared, good)
        self.reject(prepared.file, [number for number, _ in bad], [reason for _, reason in bad])

    def _insert_objects(self, prepared: Prepared, lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
        """Insert the objects and return the lines that are none."""
        chunk = pa.table(
            {
                "line": pa.array([number for number, _ in lines], pa.int64()),
                "text": pa.array([text for _, text in lines], pa.string()),
            }
        )
        query = self._objects_query("select 0 as file_index, line, text from patient_chunk", number="line")
        self.insert_patient(prepared, query, chunk, line="number")
        self.connection.register("patient_chunk", chunk)
        rows = self.connection.execute(
            f"select line from patient_chunk where not {self._is_row()} order by line"
        ).fetchall()
        self.connection.unregister("patient_chunk")
        return [(number, "not_json") for (number,) in rows]


def _json_path(name: str) -> str:
    return "$" + "".join(f'."{part}"' for part in name.split(".") if part)


class ParquetReader(Reader):
    """Parquet: typed already, so every value is written out as text."""

    has_patience = False

    def prepare(self, file: LandingFile, calling_code: str | None) -> Prepared:
        """Read the file's schema and number of rows."""
        result = scan(file.path, text=False)
        try:
            types = self._types(file.path)
            names = self._names(file.path, types)
            rows = self._fetch_count(file.path)
        except duckdb.Error as error:
            if isinstance(error, SHORTAGES) and not self.is_damaged(file.path):
                raise unfinished(error, self.dataset) from error
            raise UnreadableFileError("it is not a Parquet file that can be read") from error
        header = match_header(self.dataset, names)
        if header.problem:
            raise UnreadableFileError(header.problem.replace("header", "schema"))
        hides_scan = not SCAN_NAMES.isdisjoint(name.casefold() for name in names)
        source = {
            column.name: _parquet_text(list(types)[header.positions[column.name]], types, column)
            for column in self.dataset.columns
            if column.name in header.positions
        }
        return Prepared(
            file=file,
            scan=result,
            calling_code=calling_code,
            read_path=file.path,
            signature=file.file_id if hides_scan else tuple(types.items()),
            source=source,
            lines=rows,
            is_quick=True,
            note=header.note,
            hides_scan=hides_scan,
        )

    def _types(self, path: Path) -> dict[str, str]:
        query = f"describe select * from read_parquet({path_list([path])}, binary_as_string = true, {NO_PARTITIONS})"
        return {name: kind for name, kind, *_ in self.connection.execute(query).fetchall()}

    def _names(self, path: Path, types: dict[str, str]) -> list[str]:
        """The columns as the file names them: of two that have the same name, a scan gives the second another one."""
        query = f"select name from parquet_schema({path_list([path])})"
        written = {name for (name,) in self.connection.execute(query).fetchall()}
        return [name if name in written else name.rpartition("_")[0] for name in types]

    def _fetch_count(self, path: Path) -> int:
        query = f"select sum(num_rows) from parquet_file_metadata({path_list([path])})"
        row = self.connection.execute(query).fetchone()
        return int(row[0]) if row and row[0] is not None else 0

    def quick_relation(self, files: list[Prepared]) -> Relation:
        """All files of one schema; the row number inside the file stands for the line."""
        paths = path_list([prepared.read_path for prepared in files])
        scan_sql = f"read_parquet({paths}, binary_as_string = true, {NO_PARTITIONS})"
        facts = tuple((prepared.file, prepared.calling_code, 0) for prepared in files)
        if files[0].hides_scan:
            return Relation(f"select * from {scan_sql}", files[0].source, facts)
        query = f"select file_index, file_row_number, * from {scan_sql}"
        return Relation(query, files[0].source, facts, sequence="file_row_number + 1")

    def read_patiently(self, prepared: Prepared) -> None:
        """Say why the file is left out; there are no lines to fall back on."""
        path = prepared.file.path
        if scan(path, text=False).content_hash != prepared.scan.content_hash:
            raise UnreadableFileError("it changed while it was read")
        is_damaged = self.is_damaged(path)
        raise UnreadableFileError("its pages are damaged" if is_damaged else "DuckDB cannot decode its pages")

    def is_damaged(self, path: Path) -> bool:
        """Whether a second reader fails on the pages as well; a system in trouble proves nothing."""
        try:
            with pq.ParquetFile(path) as file:
                for _ in file.iter_batches():
                    pass
        except MemoryError as error:
            raise unfinished(error, self.dataset) from error
        except (pa.ArrowException, OSError) as error:
            # Arrow says "corrupt" with an OSError that has no number
            if isinstance(error, OSError) and error.errno is not None:
                raise unfinished(error, self.dataset) from error
            return True
        return False


def _parquet_text(name: str, types: dict[str, str], column: Column) -> str:
    kind = types[name]
    value = f"raw.{identifier(name)}"
    if kind in ("DOUBLE", "FLOAT"):
        return f"number_text({value})"
    if kind.startswith("TIMESTAMP"):
        has_zone = kind == "TIMESTAMP WITH TIME ZONE"
        moment = f"make_timestamp(epoch_us({value}))" if has_zone else f"cast({value} as timestamp)"
        if column.type == "date":
            # pandas has no dates: it writes the day's midnight
            return f"cast(cast({moment} as date) as varchar)"
        return f"replace(cast({moment} as varchar), ' ', 'T')" + (" || 'Z'" if has_zone else "")
    return f"cast({value} as varchar)"


READERS: dict[str, type[Reader]] = {"csv": CsvReader, "ndjson": NdjsonReader, "parquet": ParquetReader}
