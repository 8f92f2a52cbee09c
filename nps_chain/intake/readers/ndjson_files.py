"""Files of newline-delimited JSON."""

import json
import os
from itertools import islice
from pathlib import Path

import pyarrow as pa

from nps_chain.intake.files import TAIL, UTF8_BOM, LandingFile
from nps_chain.intake.projection import RUNNING_NUMBER, Relation
from nps_chain.intake.readers.reader import NO_PARTITIONS, Prepared, Reader, UnreadableFileError, chunks
from nps_chain.people.spellings import BLANKS
from nps_chain.sql_quoting import literal, path_list

# A character that no JSON line holds unescaped, so that a line is always one column. DuckDB drops it from a line's end,
# so a file that has it somewhere is read patiently.
NO_DELIMITER = "\x1f"
MAX_LINE_BYTES = 1 << 24
# Blank lines above the first that tells what the file is.
SEARCHED_LINES = 20


class NdjsonReader(Reader):
    """One JSON object a line."""

    @property
    def delimiter(self) -> str:
        """None that a good file has."""
        return NO_DELIMITER

    def prepare(self, file: LandingFile, calling_code: str | None) -> Prepared:
        """Scan the file; what its lines hold shows when they are read."""
        text = self.open_text(file)
        result = text.scan
        _refuse_other_json(text.path)
        return Prepared(
            file=file,
            scan=result,
            calling_code=calling_code,
            read_path=text.path,
            text_path=text.path,
            signature=result.crlfs > 0,
            source={column.name: f"raw.fields[{index}]" for index, column in enumerate(self.dataset.columns, start=1)},
            lines=result.lines,
            is_quick=result.has_uniform_newlines and result.is_text("utf-8") and result.delimiters == 0,
            note=text.note,
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
        with prepared.text_path.open("rb") as stream:
            for chunk in chunks(enumerate(stream, start=1)):
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
        self.reject(prepared.file, [number for number, _ in bad], [reason for _, reason in bad])
        lines = {
            "line": pa.array([number for number, _ in good], pa.int64()),
            "text": pa.array([text for _, text in good], pa.string()),
        }
        self.wait(prepared, pa.table(lines))

    def patient_query(self) -> str:
        """The objects among the lines."""
        return self._objects_query("select file_index, line, text from patient_chunk", number="line")

    def insert_chunk(self, files: list[Prepared]) -> None:
        """Add the objects, and note the lines that are none."""
        super().insert_chunk(files)
        ids = ", ".join(str(prepared.file.file_id) for prepared in files)
        self.connection.execute(
            f"insert into rejects select {literal(self.dataset.name)}, [{ids}][file_index + 1], line, 'not_json' "
            f"from patient_chunk where not {self._is_row()} order by file_index, line"
        )


def _refuse_other_json(path: Path) -> None:
    """Name a file that is JSON and no objects a line: one array, or objects over several lines."""
    with path.open("rb") as stream:
        first = next((line for line in islice(stream, SEARCHED_LINES) if line.strip()), b"").strip()
        stream.seek(0, os.SEEK_END)
        stream.seek(max(0, stream.tell() - TAIL))
        end = stream.read().rstrip()
    first = first.removeprefix(UTF8_BOM).lstrip()
    if first.startswith(b"[") and end.endswith(b"]") and (first == end or not _is_json(first)):
        raise UnreadableFileError("it is a JSON array, where one JSON object a line is expected")
    if first == b"{":
        raise UnreadableFileError("its JSON objects run over several lines, where one a line is expected")


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _json_path(name: str) -> str:
    return "$" + "".join(f'."{part}"' for part in name.split(".") if part)
