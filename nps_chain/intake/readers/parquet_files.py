"""Parquet files."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from nps_chain.contracts.landing import Column
from nps_chain.intake.files import LandingFile, scan
from nps_chain.intake.projection import Relation
from nps_chain.intake.readers.header import match_header
from nps_chain.intake.readers.reader import NO_PARTITIONS, SHORTAGES, Prepared, Reader, UnreadableFileError, unfinished
from nps_chain.sql_quoting import identifier, path_list

# The scan of a Parquet file knows the file and the row by these names, unless the file has columns of that name.
SCAN_NAMES = frozenset({"file_index", "file_row_number"})


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
            text_path=file.path,
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
        text = f"replace(cast({moment} as varchar), ' ', 'T')" + (" || 'Z'" if has_zone else "")
        if column.type == "date":
            # pandas has no dates: it writes the day's midnight. Another moment with a zone is on either of two days
            day = f"cast(cast({moment} as date) as varchar)"
            return f"case when {moment} = date_trunc('day', {moment}) then {day} else {text} end" if has_zone else day
        return text
    return f"cast({value} as varchar)"
