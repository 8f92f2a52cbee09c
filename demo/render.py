"""Text columns and files: whole blocks are rendered at once and cut into files by offset.

Joining Arrow strings gives one buffer that already is the text of all files of a data set, in order. A partner's
file is a slice of it, so thousands of small files cost no more than one large one.
"""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from demo.plan import DAYS, START

FIRST_DAY = -6_000
LAST_DAY = DAYS + 60
MICROSECONDS = 1_000_000
# Python counts days from the year 1, Arrow from 1970
EPOCH_DAY = START.toordinal() - date(1970, 1, 1).toordinal()
_DATES = [START + timedelta(days=d) for d in range(FIRST_DAY, LAST_DAY)]
ISO_DATES = pa.array([d.isoformat() for d in _DATES])
DUTCH_DATES = pa.array([d.strftime("%d-%m-%Y") for d in _DATES])
YEARS = np.array([d.year for d in _DATES], dtype=np.int32)
CLOCK = pa.array([f"{m // 60:02d}:{m % 60:02d}" for m in range(24 * 60)])
SECONDS = pa.array([f":{s:02d}" for s in range(60)])


def take(vocabulary: pa.Array | list[str], index: np.ndarray) -> pa.Array:
    """The vocabulary's words at the given positions; -1 gives null."""
    words = vocabulary if isinstance(vocabulary, pa.Array) else pa.array(vocabulary)
    return words.take(pa.array(index, mask=index < 0))


def same(word: str, count: int) -> pa.Array:
    """A word, as often as there are rows."""
    return take([word], np.zeros(count, np.int64))


def join(*columns: pa.Array | str, sep: str = "") -> pa.Array:
    """Row-wise concatenation; null if any part is null."""
    return pc.binary_join_element_wise(*columns, sep)


def number(values: np.ndarray, width: int = 0) -> pa.Array:
    """Whole numbers as text, padded with leading zeros."""
    text = pa.array(values).cast(pa.string())
    return pc.utf8_lpad(text, width, "0") if width else text


def blank(column: pa.Array, keep: np.ndarray) -> pa.Array:
    """The column with null wherever `keep` is false."""
    return pc.if_else(pa.array(keep), column, None)


def decimals(cents: np.ndarray) -> pa.Array:
    """Cents as decimal(12, 2), built from the integers without a float on the way."""
    words = np.empty((len(cents), 2), dtype=np.int64)
    words[:, 0] = cents
    # the upper half of 128 bits repeats the sign
    words[:, 1] = words[:, 0] >> 63
    return pa.Array.from_buffers(pa.decimal128(12, 2), len(cents), [None, pa.py_buffer(words.tobytes())])


def money(cents: np.ndarray, comma: bool = False) -> pa.Array:
    """Cents as text with two decimals."""
    text = decimals(cents).cast(pa.string())
    return pc.replace_substring(text, ".", ",") if comma else text


def iso_date(days: np.ndarray) -> pa.Array:
    """Days since the start of the data as yyyy-mm-dd."""
    return take(ISO_DATES, days - FIRST_DAY)


def dutch_date(days: np.ndarray) -> pa.Array:
    """Days since the start of the data as dd-mm-yyyy."""
    return take(DUTCH_DATES, days - FIRST_DAY)


def year_of(days: np.ndarray) -> np.ndarray:
    """Calendar year of each day."""
    return YEARS[days - FIRST_DAY]


def clock(days: np.ndarray, seconds: np.ndarray, sep: str = " ") -> pa.Array:
    """Day and second of the day as a timestamp without offset."""
    return join(iso_date(days), join(take(CLOCK, seconds // 60), take(SECONDS, seconds % 60)), sep=sep)


def utc(days: np.ndarray, seconds: np.ndarray) -> pa.Array:
    """Day and second of the day as an Arrow timestamp in UTC."""
    micros = ((days.astype(np.int64) + EPOCH_DAY) * 86_400 + seconds) * MICROSECONDS
    return pa.array(micros).cast(pa.timestamp("us", tz="UTC"))


def dates(days: np.ndarray) -> pa.Array:
    """Days since the start of the data as Arrow dates."""
    return pa.array((days + EPOCH_DAY).astype(np.int32)).cast(pa.date32())


def csv_lines(columns: list[pa.Array], delimiter: str = ",", ending: str = "\n") -> pa.Array:
    """One text line per row; null is an empty field. Texts that need quotes come quoted."""
    line = pc.binary_join_element_wise(*columns, delimiter, null_handling="replace", null_replacement="")
    return join(line, "", sep=ending)


def json_lines(fields: list[tuple[str, pa.Array, bool]]) -> pa.Array:
    """One JSON object per row from (name, column, quoted); a dotted name goes into a nested object.

    Nested fields come last and share one parent. A null is written as null, or left out of the parent.
    """
    parts = []
    nested: dict[str, list[pa.Array]] = {}
    for name, column, quoted in fields:
        parent, _, leaf = name.rpartition(".")
        value = join('"', column, '"') if quoted else column
        if parent:
            nested.setdefault(parent, []).append(join(f', "{leaf}": ', value))
        else:
            parts.append(join(f'"{name}": ', pc.fill_null(value, "null")))
    for parent, members in nested.items():
        # a member that is null goes with its comma; that of the first one left is cut off
        inner = pc.binary_join_element_wise(*members, "", null_handling="replace", null_replacement="")
        parts.append(join(f'"{parent}": {{', pc.utf8_slice_codeunits(inner, len(", ")), "}"))
    return join("{", join(*parts, sep=", "), "}\n")


class Writer:
    """Writes below the landing folder and counts what it wrote."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.rows: dict[str, int] = {}

    def count(self, dataset: str, rows: int) -> None:
        """Add to the rows written of a data set."""
        self.rows[dataset] = self.rows.get(dataset, 0) + rows

    def text(self, dataset: str, path: str, header: str, lines: list[str], encoding: str = "utf-8") -> None:
        """Write a small text file from finished lines."""
        self._write(path, "\n".join([header, *lines, ""]).encode(encoding))
        self.count(dataset, len(lines))

    def pieces(
        self,
        dataset: str,
        paths: list[str],
        piece: np.ndarray,
        lines: pa.Array,
        header: str = "",
        encoding: str = "utf-8",
    ) -> None:
        """Cut lines, sorted by `piece` (a position in `paths`), into one file per piece."""
        if len(lines) == 0:
            return
        offsets = np.frombuffer(lines.buffers()[1], dtype=np.int32)[lines.offset : lines.offset + len(lines) + 1]
        body = memoryview(lines.buffers()[2])
        starts = np.flatnonzero(np.r_[True, piece[1:] != piece[:-1]])
        ends = np.r_[starts[1:], len(piece)]
        for first, last in zip(starts, ends, strict=True):
            content: bytes | memoryview = body[offsets[first] : offsets[last]]
            if encoding != "utf-8":
                content = bytes(content).decode("utf-8").encode(encoding)
            self._write(paths[piece[first]], header.encode(encoding), content)
        self.count(dataset, len(lines))

    def parquet(self, dataset: str, path: str, columns: dict[str, pa.Array]) -> None:
        """Write one Parquet file."""
        table = pa.table(columns)
        if table.num_rows == 0:
            return
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, target, compression="zstd")
        self.count(dataset, table.num_rows)

    def _write(self, path: str, *contents: bytes | memoryview) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            for content in contents:
                file.write(content)
