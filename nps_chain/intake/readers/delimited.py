"""Delimited text: its first line, and the patient reader for files that are not well-formed.

The patient reader knows the physical line on which every record starts, rejects what is no record with a reason,
and goes on with the next line.
"""

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nps_chain.contracts.landing import MAX_RECORD_LINES
from nps_chain.intake.files import UTF8_BOM

MAX_FIELD_CHARACTERS = 1 << 24
QUOTED = re.compile(rb'"[^"]*"')


@dataclass(frozen=True)
class Record:
    """One physical record: its fields, or the reason why it has none."""

    line: int
    fields: list[str] | None
    reason: str | None = None


def header_names(first_line: bytes, delimiter: str, decoder: str) -> list[str] | None:
    """The names in a header that stands on one line; None where it does not, or is no text."""
    try:
        text = first_line.removeprefix(UTF8_BOM).decode(decoder).rstrip("\r\n")
        return next(csv.reader([text], delimiter=delimiter, strict=True), None) or None
    except (UnicodeDecodeError, csv.Error):
        return None


def has_wide_line(lines: Iterable[bytes], delimiter: str, width: int) -> bool:
    """Whether a line has more fields than the header, in a file whose records are a line each.

    DuckDB takes such a row if the fields too many are blank, though a delimiter that nobody quoted may have moved all
    the others: `1,Smith, John,,` is not a row of four fields and one.
    """
    sign = delimiter.encode("ascii")
    return any(line.count(sign) >= width and QUOTED.sub(b"", line).count(sign) >= width for line in lines)


class _Lines:
    """Numbered lines that can be handed back."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = iter(lines)
        self._returned: deque[bytes] = deque()
        self.number = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        line = self._returned.popleft() if self._returned else next(self._lines)
        self.number += 1
        return line

    def hand_back(self, lines: list[bytes]) -> None:
        """Return lines that were taken too many, in their order."""
        self._returned.extendleft(reversed(lines))
        self.number -= len(lines)


def read_records(lines: Iterable[bytes], delimiter: str, decoder: str, width: int | None = None) -> Iterator[Record]:
    """All records with the line each starts on; blank lines are none.

    `width` is the number of fields a record must have; None takes it from the first record, the header.
    """
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    source = _Lines(lines)
    separator = delimiter.encode("ascii")
    for line in source:
        if source.number == 1:
            line = line.removeprefix(UTF8_BOM)
        if not line.strip():
            continue
        start = source.number
        if b'"' in line:
            record = _quoted_record(source, line, delimiter, decoder, width)
        else:
            record = _plain_record(start, line, separator, decoder, width)
        if width is None and record.fields is not None:
            width = len(record.fields)
        yield record


def _plain_record(line_number: int, line: bytes, separator: bytes, decoder: str, width: int | None) -> Record:
    fields = line.rstrip(b"\r\n").split(separator)
    fault = _byte_fault(line, decoder)
    if fault or (width is not None and len(fields) != width):
        return Record(line_number, None, fault or "ragged_row")
    return Record(line_number, [field.decode(decoder) for field in fields])


def _byte_fault(data: bytes, decoder: str) -> str | None:
    if b"\0" in data:
        return "nul_byte"
    try:
        data.decode(decoder)
    except UnicodeDecodeError:
        return "bad_encoding"
    return None


def _quoted_record(source: _Lines, first: bytes, delimiter: str, decoder: str, width: int | None) -> Record:
    """A record with quotes, which may run over several lines.

    Several lines are believed to be one record only if they come out well-formed and with the right number of fields.
    Otherwise the quote was never closed: its line is rejected and the next line is a new record.
    """
    start = source.number
    taken: list[bytes] = []
    fields = _parse(_feed(source, first, taken), delimiter, strict=True)
    if fields is None or (taken and width is not None and len(fields) != width):
        source.hand_back(taken)
        if taken or _is_open(first, delimiter):
            return Record(start, None, _byte_fault(first, decoder) or "unterminated_quote")
        fields = _parse(iter([_as_text(first)]), delimiter, strict=False)
        taken = []
    fault = _byte_fault(b"".join([first, *taken]), decoder)
    if fault or fields is None or (width is not None and len(fields) != width):
        return Record(start, None, fault or "ragged_row")
    return Record(start, [field.encode("latin-1").decode(decoder) for field in fields])


def _feed(source: _Lines, first: bytes, taken: list[bytes]) -> Iterator[str]:
    """The record's first line, then as many more as the parser asks for."""
    yield _as_text(first)
    for line in source:
        taken.append(line)
        if len(taken) >= MAX_RECORD_LINES:
            return
        yield _as_text(line)


def _as_text(line: bytes) -> str:
    """Latin-1 keeps every byte as one character, so that faulty bytes can be judged after the fields are split."""
    body = line.rstrip(b"\r\n")
    ending = "\n" if line.endswith(b"\n") else ""
    return body.decode("latin-1") + ending


def _parse(lines: Iterator[str], delimiter: str, strict: bool) -> list[str] | None:
    try:
        return next(csv.reader(lines, delimiter=delimiter, strict=strict), None)
    except csv.Error:
        return None


def _is_open(line: bytes, delimiter: str) -> bool:
    """Whether a quote is still open where the line ends."""
    marker = "\0end"
    fields = _parse(iter([_as_text(line).rstrip("\n") + "\n", marker]), delimiter, strict=False)
    return fields is not None and fields[-1].endswith(marker)
