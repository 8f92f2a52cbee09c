"""CSV files."""

from dataclasses import replace
from itertools import islice
from pathlib import Path

import pyarrow as pa

from nps_chain.intake.files import CHUNK, LandingFile, Scan
from nps_chain.intake.projection import Relation
from nps_chain.intake.readers.delimited import Record, has_wide_line, header_names, read_records
from nps_chain.intake.readers.header import Header, match_header
from nps_chain.intake.readers.heading import Heading, closing_delimiters, find_heading, what_it_looks_like
from nps_chain.intake.readers.reader import NO_PARTITIONS, Prepared, Reader, UnreadableFileError, chunks
from nps_chain.sql_quoting import literal, path_list


class CsvReader(Reader):
    """Delimited text with a header."""

    def prepare(self, file: LandingFile, calling_code: str | None) -> Prepared:
        """Scan the file and match its header."""
        text = self.open_text(file)
        result = text.scan
        decoder = result.decoder(self.dataset.encoding)
        names = self._header(text.path, decoder)
        header = match_header(self.dataset, names) if names is not None else None
        is_quick = header is not None and result.has_uniform_newlines and result.is_text(self.dataset.encoding)
        heading = Heading(header, 1, self.dataset.delimiter, None) if header and not header.problem else None
        if heading is None:
            is_quick = False
            heading = find_heading(text.path, self.dataset, decoder)
        if heading is None:
            raise self._fault(text.path, decoder, names)
        header = heading.header
        width = header.width
        is_quick = is_quick and not self._has_wide_line(text.path, result, width)
        if not is_quick and closing_delimiters(text.path, self.dataset, heading, decoder):
            width += 1
        prepared = Prepared(
            file=file,
            scan=result,
            calling_code=calling_code,
            read_path=text.path,
            text_path=text.path,
            signature=(tuple(name.casefold() for name in names or ()), result.crlfs > 0),
            source=_positions(header),
            lines=result.lines - 1,
            is_quick=is_quick,
            note=" ".join(filter(None, (text.note, heading.note, header.note))) or None,
            width=width,
            heading_line=heading.line,
            delimiter=heading.delimiter,
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

    def _fault(self, path: Path, decoder: str, names: list[str] | None) -> UnreadableFileError:
        """What is wrong with the first record, since no line of the file is a heading."""
        if names is None:
            with path.open("rb") as stream:
                first = next(read_records(stream, self.dataset.delimiter, decoder), None)
            names = first.fields if first else None
        if names is None:
            return UnreadableFileError("it has no readable header")
        problem = match_header(self.dataset, names).problem or "it has no readable header"
        other = what_it_looks_like(path)
        return UnreadableFileError(f"{problem} ({other})" if other else problem)

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
        above = prepared.heading_line - 1
        with prepared.text_path.open("rb") as stream:
            lines = islice(stream, above, None)
            # the heading may be narrower than the rows
            records = read_records(lines, prepared.delimiter, decoder, prepared.width)
            next(records)
            for chunk in chunks(records):
                self._insert(prepared, [record for record in chunk if record.fields is not None], above)
                bad = [record for record in chunk if record.reason is not None]
                reasons = [str(record.reason) for record in bad]
                self.reject(prepared.file, [record.line + above for record in bad], reasons)

    def _insert(self, prepared: Prepared, records: list[Record], above: int) -> None:
        if not records:
            return
        columns = {"line": pa.array([record.line + above for record in records], pa.int64())}
        fields = zip(*(record.fields or () for record in records), strict=True)
        for position, values in enumerate(fields):
            columns[f"c{position}"] = pa.array(values, pa.string())
        self.wait(prepared, pa.table(columns))


def _positions(header: Header) -> dict[str, str]:
    return {name: f"raw.c{position}" for name, position in header.positions.items()}
