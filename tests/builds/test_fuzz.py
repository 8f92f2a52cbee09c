"""A fuzzer over files, each finding held against an oracle that shares no code with the project.

A small, repeatable run by default; NPS_FUZZ_EXAMPLES=2000 looks for that many random examples per test instead.
"""

import csv
import io
import json
import math
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import KEY
from contract_parts import as_written, contract_of
from fuzz import BLANKS, fuzzed
from hypothesis import example, given
from hypothesis import strategies as st

from nps_chain.intake import intake, projection
from nps_chain.intake.files import Scan
from nps_chain.intake.readers import csv_files, delimited, ndjson_files
from nps_chain.raw_folder import dataset_sql

COSTS, NETWORK, CONTACTS, PRODUCTS = (
    "chain__programme_costs",
    "importer__dealer_network",
    "contact_centre__contacts",
    "manufacturer__products",
)
PATHS = {
    COSTS: "chain/programme_costs{}.csv",
    NETWORK: "importer/I1/dealernetwerk{}.csv",
    CONTACTS: "contact_centre/C1/contacts{}.ndjson",
    PRODUCTS: "manufacturer/M1/products{}.parquet",
}
COST_NAMES = ("industry", "country", "link", "month", "programme_cost", "currency", "head_count")
NETWORK_NAMES = ("peildatum", "dealernummer", "dealernaam", "eigenaar", "plaats", "status")
REQUIRED = {COSTS: COST_NAMES[:6], NETWORK: NETWORK_NAMES[:3]}
NETWORK_ALIASES = ("snapshot_on", "dealer_code", "dealer_name", "owner_name", "city", "status")


# ---------------------------------------------------------------- what the intake makes of a folder


@dataclass(frozen=True)
class Reading:
    """What the intake made of one file."""

    status: str
    message: str | None
    rows_read: int
    rows: dict[int, tuple[object, ...]]
    row_count: int
    rejects: dict[int, str]
    reject_count: int


@pytest.fixture(autouse=True, scope="module")
def few_datasets() -> Iterator[None]:
    """The data sets that are fuzzed, and the partners; a run then takes a fraction of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intake, "load_contract", lambda: contract_of(*PATHS))
        patch.setattr(projection, "known_sql", as_written)
        yield


def read(files: dict[str, bytes]) -> dict[str, Reading]:
    """Lay down the files, run the intake over them, and gather what it wrote; no error but a UserError may come."""
    with tempfile.TemporaryDirectory() as name:
        landing, raw = Path(name) / "landing", Path(name) / "raw"
        for path, content in files.items():
            target = landing / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        summary = intake.run(landing, raw, KEY)
        rejects = _gather(f"select file_id, line_number, reason from read_parquet('{raw}/_rejects.parquet')")
        rows: dict[int, list[tuple[object, ...]]] = {}
        for dataset in PATHS:
            rows |= _gather(f"select * from {dataset_sql(raw, dataset)}")
        return {file.file_path: _reading(file, rows, rejects) for file in summary.files if file.dataset in PATHS}


def _gather(query: str) -> dict[int, list[tuple[object, ...]]]:
    found: dict[int, list[tuple[object, ...]]] = {}
    for file_id, *row in duckdb.execute(query).fetchall():
        found.setdefault(file_id, []).append(tuple(row))
    return found


def _reading(file: object, rows: dict, rejects: dict) -> Reading:
    mine, lost = rows.get(file.file_id, []), rejects.get(file.file_id, [])
    return Reading(
        status=file.status,
        message=file.message,
        rows_read=file.rows_read,
        rows={row[0]: row[1:] for row in mine},
        row_count=len(mine),
        rejects=dict(lost),
        reject_count=len(lost),
    )


@contextmanager
def patient_only() -> Iterator[None]:
    """Text files are read line by line, as if none were well-formed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Scan, "has_uniform_newlines", property(lambda self: False))
        yield


# ---------------------------------------------------------------- the checks


def check_counts(reading: Reading, data: bytes) -> None:
    """Every row counted once, on a line that the file has; a refused file gives one sentence and nothing else."""
    assert reading.row_count == len(reading.rows), "a line gave two rows"
    assert reading.reject_count == len(reading.rejects), "a line was rejected twice"
    assert not set(reading.rows) & set(reading.rejects), "a line was both read and rejected"
    assert reading.rows_read == len(reading.rows) + len(reading.rejects), "a row was lost"
    assert all(1 <= line <= data.count(b"\n") + 1 for line in (*reading.rows, *reading.rejects)), "no such line"
    if reading.status == "failed":
        assert reading.rows_read == 0
        assert reading.message
        assert reading.message.endswith(".")
        assert "\n" not in reading.message
        assert "Error" not in reading.message
    else:
        assert reading.status == "loaded"


def text_of(field: str) -> str | None:
    """A field as the raw folder has it."""
    return field.strip(BLANKS) or None


def as_utf8(reading: Reading, data: bytes) -> bytes | None:
    """The bytes of a text file; those of UTF-16 in UTF-8, and None if they are none though it was read so."""
    codec = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(data[:2])
    is_said = "It was read as UTF-16." in (reading.message or "")
    if is_said and codec is None:
        # without a mark one byte of two is mostly NUL, and the side tells the order
        assert 4 * data.count(0) >= len(data), "nothing looks like UTF-16"
        codec = "utf-16-le" if data[1::2].count(0) > data[::2].count(0) else "utf-16-be"
    if codec is None:
        return data
    assert is_said, "the mark was not heeded"
    text = _decoded(data.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff"), codec)
    return None if text is None else text.encode()


def heading_of(lines: list[tuple[int, bytes]], delimiter: str, required: tuple[str, ...], encoding: str) -> int | None:
    """The place of the first of 20 lines that names all that is required, and nothing twice; titles stand above it."""
    for place, (number, line) in enumerate(lines):
        names = _names_of(line, delimiter, encoding)
        given = [name for name in names if name]
        if number <= 20 and set(required) <= set(names) and len(given) == len(set(given)):
            return place
    return None


def _names_of(line: bytes, delimiter: str, encoding: str) -> list[str]:
    text = "" if b"\0" in line else _decoded(line, encoding) or ""
    return [name.strip().strip("\ufeff").strip().casefold() for name in text.split(delimiter)]


def check_unquoted(reading: Reading, data: bytes, dataset: str) -> None:
    """Without quotes a line is a row: split it, and say what must become of it."""
    if reading.status == "failed":
        return
    delimiter, names, encoding = (",", COST_NAMES, "utf-8") if dataset == COSTS else (";", NETWORK_NAMES, "cp1252")
    content = as_utf8(reading, data)
    assert content is not None, "it is no UTF-16"
    body = content.removeprefix(b"\xef\xbb\xbf")
    is_utf8 = encoding == "utf-8" or body != data or (not data.isascii() and _decoded(data, "utf-8") is not None)
    encoding = "utf-8" if is_utf8 else encoding
    lines = [(number, line) for number, line in enumerate(body.split(b"\n"), start=1) if line.strip()]
    place = heading_of(lines, delimiter, REQUIRED[dataset], encoding)
    assert place is not None, "no line names what is required"
    header = _names_of(lines[place][1], delimiter, encoding)
    below = lines[place + 1 :]
    places = [header.index(name) if name in header else None for name in names]
    # Most rows may end in a delimiter that the header has not. Whether that is so, or a field too many, is a judgement.
    closed = [number for number, line in below if _is_closed(line, delimiter, len(header), encoding)]
    spare = 1 if 2 * len(closed) > len(below) and set(closed) & set(reading.rows) else 0
    rows: dict[int, tuple[object, ...]] = {}
    rejects: dict[int, str] = {}
    for number, line in below:
        text = _decoded(line.rstrip(b"\r"), encoding)
        if b"\0" in line or text is None:
            rejects[number] = "nul_byte" if b"\0" in line else "bad_encoding"
        elif len(fields := text.split(delimiter)) != len(header) + spare:
            rejects[number] = "ragged_row"
        else:
            rows[number] = tuple(None if place is None else text_of(fields[place]) for place in places)
    found = {line: values[-len(names) :] for line, values in reading.rows.items()}
    assert found == rows
    assert reading.rejects == rejects


def _is_closed(line: bytes, delimiter: str, width: int, encoding: str) -> bool:
    fields = (_decoded(line.rstrip(b"\r"), encoding) or "").split(delimiter)
    return len(fields) == width + 1 and not fields[-1].strip()


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def must_load(data: bytes, delimiter: str, required: tuple[str, ...]) -> bool:
    """Whether the file is text and has a header on its first line that names all that is required, once."""
    first = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")[0]
    text = _decoded(first, "utf-8")
    if text is None or '"' in text or b"\n" not in data or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return False
    names = [name.strip().strip("\ufeff").strip().casefold() for name in text.split(delimiter)]
    return set(required) <= set(names) and len({*names} - {""}) == len([name for name in names if name])


# ---------------------------------------------------------------- mutations

FIELDS = st.text(st.sampled_from(list("abz 019.-é€漢😀\u00a0\u2028'=")), max_size=6)
# bytes that have a meaning to somebody
SPECIAL = [
    b'"',
    b'""',
    b",",
    b";",
    b"\n",
    b"\r\n",
    b"\r",
    b"\0",
    b"\xff",
    b"\xe9",
    b"\xc3",
    b" ",
    b"\t",
    b"\\",
    b"\x1f",
]
SPECIAL += [
    b"\xef\xbb\xbf",
    b"\xc2\xa0",
    b"#",
    b"'",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"null",
    b"\x85",
    b"\x1c",
    b"\xe2\x80\xa8",
]


def _insert(data: bytes, place: int, piece: bytes) -> bytes:
    place %= len(data) + 1
    return data[:place] + piece + data[place:]


def _flip(data: bytes, place: int, bit: int) -> bytes:
    if not data:
        return data
    place %= len(data)
    return data[:place] + bytes([data[place] ^ (1 << bit % 8)]) + data[place + 1 :]


def _lines(data: bytes, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    return b"".join(change(data.splitlines(keepends=True)))


PLACES = st.integers(0, 400)
MUTATIONS = st.one_of(
    st.tuples(st.just(_insert), PLACES, st.sampled_from(SPECIAL)),
    st.tuples(st.just(_flip), PLACES, PLACES),
    st.tuples(st.just(lambda data, place: data[: place % (len(data) + 1)]), PLACES),
    st.tuples(st.just(lambda data, place: data[:place] + data[place + 1 :]), PLACES),
    st.tuples(st.just(lambda data: _lines(data, lambda lines: lines[:1] + lines[:0:-1]))),
    st.tuples(st.just(lambda data, place: _lines(data, lambda lines: lines + lines[place % 4 :])), PLACES),
    st.tuples(
        st.just(lambda data, place: _lines(data, lambda lines: [*lines[: place % 4], *lines[place % 4 + 1 :]])), PLACES
    ),
    st.tuples(st.just(lambda data: data.replace(b"\n", b"\r\n"))),
    st.tuples(st.just(lambda data: data.replace(b"\r\n", b"\n").rstrip(b"\n"))),
    st.tuples(st.just(lambda data: (_decoded(data, "utf-8") or "").encode("cp1252", "replace"))),
    st.tuples(st.just(lambda data: (_decoded(data, "utf-8") or "").encode("utf-16"))),
    st.tuples(st.just(lambda data: b"\xef\xbb\xbf" + data)),
)


def mutated(data: bytes, mutations: list[tuple]) -> bytes:
    """The file after one mutation after another."""
    for change, *arguments in mutations:
        data = change(data, *arguments)
    return data


@st.composite
def delimited_files(draw: st.DrawFn, names: tuple[str, ...], delimiter: str) -> bytes:
    """A valid file, and what became of it."""
    rows = draw(st.lists(st.lists(FIELDS, min_size=len(names), max_size=len(names)), max_size=6))
    buffer = io.StringIO(newline="")
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\n", quoting=quoting)
    writer.writerow(draw(st.permutations(names)) if draw(st.booleans()) else names)
    writer.writerows(rows)
    return mutated(buffer.getvalue().encode(), draw(st.lists(MUTATIONS, max_size=4)))


NEIGHBOURS = {
    COSTS: (
        b"industry,country,link,month,programme_cost,currency,head_count\n" + b"retail,NL,shop,2024-01,1,EUR,2\n" * 3
    ),
    NETWORK: b"peildatum;dealernummer;dealernaam;eigenaar;plaats;status\n01-01-2024;D1;Caf\xe9;;;\n",
    CONTACTS: b'{"contact_id": "N1", "country": "NL"}\n{"contact_id": "N2", "country": "NL"}\n',
}


def check_text_files(files: list[bytes], dataset: str) -> list[Reading]:
    """Read the files among good neighbours, quickly and patiently; return the quick readings, in the files' order."""
    laid = {PATHS[dataset].format(f"_{number}"): data for number, data in enumerate(files)}
    neighbours = {PATHS[dataset].format("_" + side): NEIGHBOURS[dataset] for side in ("!before", "~after")}
    quick = read(laid | neighbours)
    with patient_only():
        patient = read(laid | neighbours)
    alone = read(neighbours)
    for path in neighbours:
        assert quick[path] == alone[path], "a neighbour changed"
    for path, data in laid.items():
        check_counts(quick[path], data)
        assert quick[path] == patient[path], "the quick and the patient reader disagree"
    return [quick[path] for path in laid]


@fuzzed
@given(st.lists(delimited_files(COST_NAMES, ","), min_size=1, max_size=4))
@example([b"industry\n\n"])
@example([",".join(COST_NAMES).encode() + b"\n,,,,,,,,,,,,\n,,,,,,\n"])
@example([",".join(COST_NAMES).encode() + b'\nretail,NL,shop,2024-01,"1,5",EUR,2,\n'])
@example([",".join(COST_NAMES).encode() + b'\nretail,NL,shop,2024-01,"1,5",EUR,2\n'])
@example([b"industry,country,link,month,programme_cost,currency,head_count\n\n"])
@example([b"Costs of 2024\n\n" + NEIGHBOURS[COSTS], b"sep=,\n" + NEIGHBOURS[COSTS], NEIGHBOURS[COSTS] * 2])
@example([NEIGHBOURS[COSTS].decode().encode("utf-16"), b"\n" * 19 + NEIGHBOURS[COSTS]])
def test_delimited_files(files: list[bytes]) -> None:
    for reading, data in zip(check_text_files(files, COSTS), files, strict=True):
        if must_load(data, ",", COST_NAMES[:6]) and b"\n" in data:
            assert reading.status == "loaded", reading.message
        if b'"' not in data:
            check_unquoted(reading, data, COSTS)


@fuzzed
@given(st.lists(delimited_files(NETWORK_NAMES, ";"), min_size=1, max_size=4))
def test_delimited_files_of_the_other_encoding(files: list[bytes]) -> None:
    for reading, data in zip(check_text_files(files, NETWORK), files, strict=True):
        if b'"' not in data:
            check_unquoted(reading, data, NETWORK)


@fuzzed
@given(st.lists(st.binary(max_size=200), min_size=1, max_size=4), st.sampled_from([COSTS, NETWORK, CONTACTS]))
def test_random_bytes(files: list[bytes], dataset: str) -> None:
    check_text_files(files, dataset)


@fuzzed
@given(st.lists(st.lists(FIELDS, min_size=7, max_size=7), max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_well_formed_files_are_read_like_the_csv_module_does(rows: list[list[str]], newline: str) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator=newline).writerows([COST_NAMES, *rows])
    reading = read({PATHS[COSTS].format(""): buffer.getvalue().encode()})[PATHS[COSTS].format("")]
    assert reading.rows == {
        line: tuple(text_of(field) for field in row)
        for line, row in enumerate(csv.reader(io.StringIO(buffer.getvalue(), newline="")), start=1)
        if line > 1
    }


# ---------------------------------------------------------------- JSON

JSON_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), FIELDS, st.text(max_size=4)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(FIELDS, inner, max_size=3)),
    max_leaves=5,
)
CONTACT_LINES = st.one_of(
    JSON_VALUES.map(lambda value: json.dumps(value, ensure_ascii=False)),
    st.fixed_dictionaries(
        {"contact_id": st.one_of(FIELDS, st.integers(), JSON_VALUES)},
        optional={"country": FIELDS, "caller": JSON_VALUES, "x": JSON_VALUES},
    ).map(lambda value: json.dumps(value)),
)


@st.composite
def json_files(draw: st.DrawFn) -> bytes:
    """Lines of JSON, and what became of them."""
    lines = draw(st.lists(CONTACT_LINES, max_size=5))
    data = "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
    return mutated(data, draw(st.lists(MUTATIONS, max_size=3)))


# what DuckDB takes and the standard does not, or takes otherwise
LENIENT = re.compile(r",\s*[}\]]|nan|inf|\\ud[89a-f]|\d{300}|[eE][+-]?\d{3}", re.IGNORECASE)


def check_json(reading: Reading, data: bytes) -> None:
    """Python's json module as the oracle of which lines are objects, and of their text fields."""
    if reading.status == "failed":
        return
    content = as_utf8(reading, data)
    assert content is not None, "it is no UTF-16"
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        text = _decoded(line, "utf-8")
        if text is None or b"\0" in line:
            assert reading.rejects[number] == ("nul_byte" if b"\0" in line else "bad_encoding")
        elif not text.strip(BLANKS):
            assert number not in reading.rows
            assert number not in reading.rejects
        elif not LENIENT.search(text):
            fields = _json_object(text)
            assert (number in reading.rows) == (fields is not None), text
            for place, name in ((1, "contact_id"), (2, "country")):
                if fields is not None and isinstance(fields.get(name), str):
                    assert reading.rows[number][place] == text_of(fields[name])


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        fields["\0twice"] = True
    return fields


def _json_object(text: str) -> dict[str, object] | None:
    try:
        value = json.loads(text.strip("\r"), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or "\0twice" in value:
        return None
    caller = value.get("caller")
    return None if isinstance(caller, dict) and "\0twice" in caller else value


@fuzzed
@given(st.lists(json_files(), min_size=1, max_size=3))
@example([b'\xc2\xa0{"contact_id": "1"}\n\xe2\x80\x83\n'])
@example([b'{"contact_id": "1"}\n\x1c\n'])
@example([b'{"contact_id": "1", "contact_id": "2"}\n'])
@example([b'{"contact_id": "1"}\x1f\n\x1f\n{"contact_id": "2"}'])
@example(['{"contact_id": "1"}\n\x1f\nx\n'.encode("utf-16"), '{"contact_id": "1"}\n'.encode("utf-16-be")])
def test_json_files(files: list[bytes]) -> None:
    for reading, data in zip(check_text_files(files, CONTACTS), files, strict=True):
        check_json(reading, data)


# ---------------------------------------------------------------- Parquet

TYPED: list[tuple[pa.DataType, st.SearchStrategy, Callable[[object], str | None]]] = [
    (pa.string(), FIELDS, lambda value: text_of(value)),
    (pa.large_string(), FIELDS, lambda value: text_of(value)),
    (pa.binary(), FIELDS.map(str.encode), lambda value: text_of(value.decode())),
    (pa.int8(), st.integers(-128, 127), str),
    (pa.int64(), st.integers(-(2**63), 2**63 - 1), str),
    (pa.uint64(), st.integers(0, 2**64 - 1), str),
    (pa.bool_(), st.booleans(), lambda value: str(value).lower()),
    (pa.float64(), st.integers(-(2**53), 2**53).map(float), lambda value: str(int(value))),
    (
        pa.float64(),
        st.sampled_from([0.5, -2.25, 1e-7, math.nan]),
        lambda value: {0.5: "0.5", -2.25: "-2.25", 1e-7: "0.0000001"}.get(value),
    ),
    (pa.decimal128(20, 3), st.decimals(-1000, 1000, places=3), lambda value: f"{value:.3f}"),
    (pa.date32(), st.dates(date(1990, 1, 1), date(2100, 1, 1)), str),
    (
        pa.timestamp("us"),
        st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)).map(lambda value: value.replace(microsecond=0)),
        lambda value: value.isoformat(),
    ),
    (
        pa.timestamp("ms", tz="Europe/Amsterdam"),
        st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)).map(
            lambda value: value.replace(microsecond=0, tzinfo=UTC)
        ),
        lambda value: value.replace(tzinfo=None).isoformat() + "Z",
    ),
]
COLUMN_NAMES = st.sampled_from(
    ["product_line", "PRODUCT_LINE", "file_row_number", "file_index", "x", 'a"b', "filename", "c0", "raw"]
)


@st.composite
def parquet_files(draw: st.DrawFn) -> tuple[bytes, list[tuple[str | None, ...]]]:
    """A Parquet file of random types, and the texts of product code and name that must be read from it."""
    count = draw(st.integers(0, 4))
    columns: dict[str, pa.Array] = {}
    texts: list[list[str | None]] = []
    for name in ("product_code", "product_name", *draw(st.lists(COLUMN_NAMES, max_size=3, unique_by=str.casefold))):
        kind, values, as_text = draw(st.sampled_from(TYPED))
        drawn = draw(st.lists(st.none() | values, min_size=count, max_size=count))
        columns[name] = pa.array(drawn, kind)
        texts.append([None if value is None else as_text(value) for value in drawn])
    order = draw(st.permutations(list(columns)))
    sink = pa.BufferOutputStream()
    group_size = draw(st.sampled_from([1, 2, 1000]))
    codec = draw(st.sampled_from(["snappy", "none", "zstd", "gzip"]))
    pq.write_table(
        pa.table({name: columns[name] for name in order}), sink, row_group_size=group_size, compression=codec
    )
    return sink.getvalue().to_pybytes(), list(zip(*texts[:2], strict=True))


@fuzzed
@given(st.lists(parquet_files(), min_size=1, max_size=4))
def test_parquet_files(files: list[tuple[bytes, list[tuple[str | None, ...]]]]) -> None:
    readings = read({PATHS[PRODUCTS].format(number): data for number, (data, _) in enumerate(files)})
    for reading, (_, texts) in zip(readings.values(), files, strict=True):
        assert reading.status == "loaded", reading.message
        assert reading.rows_read == reading.row_count == len(texts)
        assert {line: row[1:3] for line, row in reading.rows.items()} == dict(enumerate(texts, start=1))


@fuzzed
@given(
    parquet_files(), st.lists(st.tuples(PLACES, PLACES), min_size=1, max_size=3), st.none() | PLACES, parquet_files()
)
def test_damaged_parquet_files(
    whole: tuple[bytes, list], flips: list[tuple[int, int]], cut: int | None, neighbour: tuple[bytes, list]
) -> None:
    """Damage costs the file or changes it, never its neighbour and never the run."""
    data = whole[0]
    for place, bit in flips:
        data = _flip(data, len(data) - 1 - place, bit)
    data = data[:-cut] if cut else data
    readings = read({PATHS[PRODUCTS].format("_1"): data, PATHS[PRODUCTS].format("_2"): neighbour[0]})
    damaged, sound = readings.values()
    assert damaged.rows_read == damaged.row_count + damaged.reject_count
    assert damaged.status in ("loaded", "failed")
    assert {line: row[1:3] for line, row in sound.rows.items()} == dict(enumerate(neighbour[1], start=1))


# ---------------------------------------------------------------- the test of the test

COST_FILE = NEIGHBOURS[COSTS].replace(b"2\n", b"2\nshort\n", 1)


def _readers_that_fail() -> list[tuple[str, Callable[[pytest.MonkeyPatch], None]]]:
    whole = delimited.read_records

    def drops_a_row(*arguments: object) -> Iterator[delimited.Record]:
        return (record for record in whole(*arguments) if record.line != 3)

    def swaps_fields(*arguments: object) -> Iterator[delimited.Record]:
        return (
            replace(record, fields=record.fields[::-1]) if record.fields and record.line > 1 else record
            for record in whole(*arguments)
        )

    def moves_a_line(*arguments: object) -> Iterator[delimited.Record]:
        return (replace(record, line=record.line + 90) if record.line > 3 else record for record in whole(*arguments))

    def forgives(*arguments: object) -> Iterator[delimited.Record]:
        return (record for record in whole(*arguments) if record.reason is None)

    return [(reader.__name__, reader) for reader in (drops_a_row, swaps_fields, moves_a_line, forgives)]


@pytest.mark.parametrize(("name", "reader"), _readers_that_fail())
def test_the_checks_see_a_reader_that_fails(monkeypatch: pytest.MonkeyPatch, name: str, reader: Callable) -> None:
    path = PATHS[COSTS].format("")

    def judge() -> None:
        reading = read({path: COST_FILE})[path]
        check_counts(reading, COST_FILE)
        check_unquoted(reading, COST_FILE, COSTS)

    judge()
    monkeypatch.setattr(csv_files, "read_records", reader)
    with pytest.raises(AssertionError):
        judge()


def test_the_checks_see_a_row_that_is_counted_and_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_files.CsvReader, "reject", lambda self, file, lines, reasons: None)
    path = PATHS[COSTS].format("")
    reading = read({path: COST_FILE})[path]
    with pytest.raises(AssertionError):
        check_unquoted(reading, COST_FILE, COSTS)


def test_the_checks_see_readers_that_disagree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ndjson_files, "BLANKS", "")
    with pytest.raises(AssertionError, match="disagree"):
        check_text_files([b'{"contact_id": "1"}\n\xc2\xa0\n'], CONTACTS)
