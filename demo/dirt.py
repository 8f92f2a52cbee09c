"""Dirty rows: added to finished files one by one, so that every count in the truth file is exact.

A dirty row copies a clean one, takes a key of its own and breaks one thing. Small files get them at their end; large
files get them in a second, late delivery. Nothing clean is touched, but for rows that a correction supersedes.
"""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Row = dict[str, Any]
ROW, ANSWER = "row", "answer"
TEMPLATES_READ = 400


@dataclass(frozen=True)
class Planted:
    """One dirty row and the reason for which it must be quarantined."""

    dataset: str
    file: str
    line: int
    reason: str
    scope: str


class Ledger:
    """All dirty rows and bad files that were planted."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.rows: list[Planted] = []
        self.bad_files: list[dict[str, str]] = []

    def add(self, dataset: str, file: str, line: int, reason: str, scope: str = ROW) -> None:
        """Note one dirty row."""
        self.rows.append(Planted(dataset, file, line, reason, scope))

    def bad_file(self, dataset: str, file: str, what: str, content: bytes) -> None:
        """Write a file that cannot be read as a whole."""
        (self.root / file).write_bytes(content)
        self.bad_files.append({"dataset": dataset, "file": file, "what": what})

    def facts(self) -> dict[str, object]:
        """The truth file's share: counts per data set and reason, every row, bad files."""
        counts: dict[str, dict[str, int]] = {}
        for row in sorted(self.rows, key=lambda r: (r.dataset, r.reason)):
            of_dataset = counts.setdefault(row.dataset, {})
            of_dataset[row.reason] = of_dataset.get(row.reason, 0) + 1
        return {"dirty_counts": counts, "dirty_rows": [asdict(row) for row in self.rows], "bad_files": self.bad_files}


class DirtyText:
    """Dirty rows for one CSV or NDJSON file: appended, or in a late delivery beside it."""

    def __init__(
        self,
        ledger: Ledger,
        dataset: str,
        source: str,
        key: str,
        late: str | None = None,
        delimiter: str = ",",
        encoding: str = "utf-8",
    ) -> None:
        self.ledger, self.dataset, self.key = ledger, dataset, key
        self.source, self.target = source, late or source
        self.delimiter, self.encoding = delimiter, encoding
        self.is_json = source.endswith(".ndjson")
        self.ending = b"\r\n" if delimiter == ";" else b"\n"
        with (ledger.root / source).open("rb") as file:
            head = list(islice(file, TEMPLATES_READ)) if late else file.readlines()
        self.header = [] if self.is_json else self._fields(head[0])
        body = head if self.is_json else head[1:]
        first = 1 if self.is_json else 2
        self.templates = [(first + i, line, self._row(line)) for i, line in enumerate(body)]
        self.used = 0
        self.serial = 0
        if late and not self.is_json:
            self.line, self.added = 1, [head[0]]
        else:
            self.line, self.added = (0 if late else len(head)), []

    def _fields(self, line: bytes) -> list[str]:
        return next(csv.reader([line.decode(self.encoding).rstrip("\r\n")], delimiter=self.delimiter))

    def _row(self, line: bytes) -> Row:
        return json.loads(line) if self.is_json else dict(zip(self.header, self._fields(line), strict=True))

    def _text(self, row: Row) -> bytes:
        if self.is_json:
            return json.dumps(row, ensure_ascii=False).encode()
        out = io.StringIO()
        csv.writer(out, delimiter=self.delimiter, lineterminator="").writerow([row[name] for name in self.header])
        return out.getvalue().encode(self.encoding)

    def next(self, like: Callable[[Row], bool] = lambda row: True) -> tuple[int, bytes, Row]:
        """The next clean row that no other dirty row was made from."""
        while not like(self.templates[self.used % len(self.templates)][2]):
            self.used += 1
        line, text, row = self.templates[self.used % len(self.templates)]
        self.used += 1
        return line, text, dict(row)

    def _append(self, content: bytes, ending: bytes | None = None) -> None:
        self.added.append(content + (self.ending if ending is None else ending))
        self.line += 1

    def bad(
        self, reason: str, /, scope: str = ROW, like: Callable[[Row], bool] = lambda row: True, **changes: object
    ) -> None:
        """Add a row with a key of its own and the given fields changed."""
        _, _, row = self.next(like)
        self.serial += 1
        row = {**row, self.key: f"X{self.serial:05d}", **changes}
        self._append(self._text(row))
        self.ledger.add(self.dataset, self.target, self.line, reason, scope)

    def clean(self, **changes: object) -> None:
        """Add a row without fault."""
        self._append(self._text({**self.next()[2], **changes}))

    def raw(self, reason: str, edit: Callable[[bytes], bytes], ending: bytes | None = None) -> None:
        """Add a row whose bytes are edited."""
        _, _, row = self.next()
        self.serial += 1
        self._append(edit(self._text({**row, self.key: f"X{self.serial:05d}"})), ending)
        self.ledger.add(self.dataset, self.target, self.line, reason)

    def repeated(self) -> None:
        """Add the same row once more."""
        _, text, _ = self.next()
        self._append(text.rstrip(b"\r\n"))
        self.ledger.add(self.dataset, self.target, self.line, "duplicate_row")

    def corrected(self, like: Callable[[Row], bool] = lambda row: True, **changes: object) -> None:
        """Add the same key with other values: the earlier row is superseded."""
        line, _, row = self.next(like)
        self._append(self._text({**row, **changes}))
        self.ledger.add(self.dataset, self.source, line, "superseded_row")

    def structural(self, *reasons: str) -> None:
        """Add faults of the file's structure, one row each; an open quote must come last."""
        separator = self.delimiter.encode()
        edits = {
            "ragged_row": lambda line: line + separator + b"extra",
            "nul_byte": lambda line: line[:3] + b"\x00" + line[3:],
            # 0xFF is never UTF-8, 0x81 no character of Windows-1252
            "bad_encoding": lambda line: line[:3] + (b"\xff" if self.encoding == "utf-8" else b"\x81") + line[3:],
            "not_json": lambda line: line[:-1],
            "unterminated_quote": lambda line: line + b'"never closed',
        }
        for reason in reasons:
            if reason == "unterminated_quote":
                self.raw(reason, lambda line: line.rpartition(separator)[0] + separator + b'"never closed')
            else:
                self.raw(reason, edits[reason])

    def save(self) -> None:
        """Write what was added."""
        with (self.ledger.root / self.target).open("ab") as file:
            file.writelines(self.added)


class DirtyParquet:
    """A late Parquet delivery with dirty rows."""

    def __init__(self, ledger: Ledger, dataset: str, source: str, key: str, late: str) -> None:
        self.ledger, self.dataset, self.key, self.source, self.target = ledger, dataset, key, source, late
        head = next(pq.ParquetFile(ledger.root / source).iter_batches(TEMPLATES_READ))
        self.schema, self.templates = head.schema, head.to_pylist()
        self.rows: list[Row] = []

    def _next(self) -> Row:
        return dict(self.templates[len(self.rows)])

    def bad(self, reason: str, /, scope: str = ROW, **changes: object) -> None:
        """Add a row with a key of its own and the given fields changed."""
        self.rows.append({**self._next(), self.key: f"X{len(self.rows) + 1:05d}", **changes})
        self.ledger.add(self.dataset, self.target, len(self.rows), reason, scope)

    def clean(self, **changes: object) -> None:
        """Add a row without fault."""
        self.rows.append({**self._next(), **changes})

    def repeated(self) -> None:
        """Add a row that the first delivery holds already."""
        self.rows.append(self._next())
        self.ledger.add(self.dataset, self.target, len(self.rows), "duplicate_row")

    def corrected(self, **changes: object) -> None:
        """Add a correction: the first delivery's row is superseded."""
        self.ledger.add(self.dataset, self.source, len(self.rows) + 1, "superseded_row")
        self.rows.append({**self._next(), **changes})

    def save(self) -> None:
        """Write the late delivery."""
        pq.write_table(
            pa.Table.from_pylist(self.rows, schema=self.schema), self.ledger.root / self.target, compression="zstd"
        )
