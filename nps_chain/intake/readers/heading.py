"""Where the heading of a delimited file stands: on its first line as a rule, else below a title or a line `sep=;`."""

import re
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from pathlib import Path

from nps_chain.contracts.landing import Dataset
from nps_chain.intake.readers.delimited import read_records
from nps_chain.intake.readers.header import OTHER_DELIMITERS, Header, match_header

# How far down a heading is looked for, and in how much of the file.
SEARCHED_LINES = 20
SEARCHED_BYTES = 1 << 18
# How many records tell whether every row ends in a delimiter.
SAMPLED_RECORDS = 100
# What is written in figures, and how.
FIGURE_TYPES = ("date", "timestamp", "month", "decimal", "integer", "score")
FIGURES = re.compile(r"[-+]?[0-9][-+0-9.,:/ TZ]*")
# The line by which Excel says what separates the fields.
SEPARATOR_LINE = re.compile(rb'^(?:\xef\xbb\xbf)?"?sep=(.)"?[,;\t]*\s*$', re.IGNORECASE)


@dataclass(frozen=True)
class Heading:
    """A heading that answers to the contract: on which line it stands, and what separates its fields."""

    header: Header
    line: int
    delimiter: str
    # what is said of a heading that is not where, or not as, the contract has it
    note: str | None


def find_heading(path: Path, dataset: Dataset, decoder: str) -> Heading | None:
    """The first line that names all required columns, with the data set's delimiter if that does it."""
    lines = _first_lines(path)
    said = SEPARATOR_LINE.match(lines[0]) if lines else None
    named = [said.group(1).decode("latin-1")] if said and ord(said.group(1)) < 128 else []
    for delimiter in dict.fromkeys([*named, dataset.delimiter, *OTHER_DELIMITERS]):
        for number in range(1, min(SEARCHED_LINES, len(lines)) + 1):
            names = _names(lines[number - 1 :], delimiter, decoder)
            header = match_header(dataset, names) if names else None
            if header and not header.problem:
                skipped = number > 1 and not (said and number == 2)
                return Heading(header, number, delimiter, _note(dataset, number if skipped else 1, delimiter))
    return None


def closing_delimiters(path: Path, dataset: Dataset, heading: Heading, decoder: str) -> bool:
    """Whether rows, unlike the heading, end in a delimiter: most have a field more than it, and that one is blank.

    A comma that nobody quoted gives a field too many as well, and moves those behind it: `1,Smith, John,,private,`. So
    dates, numbers and codes must stand in their columns.
    """
    with path.open("rb") as stream:
        lines = islice(stream, heading.line - 1, None)
        records = read_records(lines, heading.delimiter, decoder, heading.header.width + 1)
        next(records, None)
        sample = [record.fields for record in islice(records, SAMPLED_RECORDS)]
    closed = [fields for fields in sample if fields and not fields[-1].strip()]
    judged = [_stands_in_its_columns(dataset, heading.header, fields) for fields in closed]
    return 2 * judged.count(True) > len(sample)


def _stands_in_its_columns(dataset: Dataset, header: Header, fields: list[str]) -> bool:
    """Whether the row has something where the contract wants a certain form, and all of it may have that form."""
    fitting = [
        value in column.allowed if column.allowed else bool(FIGURES.fullmatch(value))
        for column in dataset.stored_columns
        if (column.allowed or column.type in FIGURE_TYPES) and column.name in header.positions
        if (value := fields[header.positions[column.name]].strip())
    ]
    return bool(fitting) and all(fitting)


def what_it_looks_like(path: Path) -> str | None:
    """What a file seems to be that has no heading: something other than delimited text."""
    lines = _first_lines(path)
    start = b"".join(lines[:SEARCHED_LINES]).removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return {b"{": "it looks like JSON", b"[": "it looks like JSON", b"<": "it looks like HTML or XML"}.get(start)


def _first_lines(path: Path) -> list[bytes]:
    with path.open("rb") as stream:
        return BytesIO(stream.read(SEARCHED_BYTES)).readlines()


def _names(lines: list[bytes], delimiter: str, decoder: str) -> list[str] | None:
    """The fields of the record that begins on the first of these lines."""
    first = next(read_records(lines, delimiter, decoder), None) if lines[0].strip() else None
    return first.fields if first else None


def _note(dataset: Dataset, number: int, delimiter: str) -> str | None:
    notes = []
    if number > 1:
        notes.append(f"The header was found on line {number}; what stands above it was not read.")
    if delimiter != dataset.delimiter:
        found, expected = (OTHER_DELIMITERS.get(sign, f"`{sign}`") for sign in (delimiter, dataset.delimiter))
        notes.append(f"Its fields are separated by {found}, where {expected} is expected.")
    return " ".join(notes) or None
