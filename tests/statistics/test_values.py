"""What the parsing macros make of texts is what an oracle makes of them that shares no code with the project."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pytest
from fuzz import BLANKS, fuzzed
from hypothesis import example, given
from hypothesis import strategies as st

from study.sql_harness import CompiledProject

# signs of the longest model that computes much in a query (int_importance_replicate), and some
LONGEST_QUERY = 40_000
ZONE = "Europe/Amsterdam"
# whose day it is
PLACE = "America/New_York"
PARSERS = (
    *("date", "dutch_date", "month", "number", "dutch_number", "whole_number", "score", "moment"),
    *("local_day", "moment_again"),
)


@pytest.fixture(scope="module")
def parse(project: CompiledProject) -> Callable[[list[str]], list[dict[str, object]]]:
    """The project's parsing macros as a function over texts."""
    query = project.queries["probe_parsing"]
    connection = duckdb.connect()

    def run(texts: list[str]) -> list[dict[str, object]]:
        table = pa.table({"place": list(range(len(texts))), "t": pa.array(texts, pa.string())})
        connection.register("probe_texts", table)
        # dates before Christ are no dates of Python's
        named = ", ".join(f"cast(as_{name} as varchar)" for name in PARSERS)
        rows = connection.execute(f"select {named} from ({query})").fetchall()
        return [dict(zip(PARSERS, row, strict=True)) for row in rows]

    return run


def _day(year: str, month: str, day: str) -> str | None:
    try:
        return str(date(int(year), int(month), int(day)))
    except ValueError:
        return None


def _matched(pattern: str, text: str, make: Callable[..., str | None]) -> str | None:
    match = re.fullmatch(pattern, text, re.ASCII)
    return make(*match.groups()) if match else None


def _decimal(text: str) -> str | None:
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", text, re.ASCII):
        return None
    value = Decimal(text).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"{value + 0:.2f}" if abs(value) < 10**16 else None


def _dutch_decimal(text: str) -> str | None:
    if "." in text:
        if not re.fullmatch(r"-?\d{1,3}(\.\d{3})+(,\d*)?", text, re.ASCII):
            return None
        text = text.replace(".", "")
    return _decimal(text.replace(",", "."))


def _whole(text: str) -> str | None:
    is_whole = re.fullmatch(r"0|-?[1-9]\d{0,9}", text, re.ASCII) and -(2**31) <= int(text) < 2**31
    return text if is_whole else None


TIME_BEHIND = r"(?:[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?)?"
MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d+))?)?(Z|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)?",
    re.ASCII,
)


def _read_moment(text: str, fold: int) -> tuple[datetime, bool] | None:
    """The moment in UTC, and whether an offset is said; an hour that is skipped counts from the clock as it was."""
    match = MOMENT.fullmatch(text)
    if match is None:
        return None
    day, hour, minute, second, fraction, offset = match.groups()
    try:
        wall = datetime.fromisoformat(day).replace(hour=int(hour), minute=int(minute), second=int(second or 0))
    except ValueError:
        return None
    wall = wall.replace(microsecond=int((fraction or "0")[:6].ljust(6, "0")))
    if offset is None:
        zone = ZoneInfo(ZONE)
        twice = wall.replace(tzinfo=zone, fold=1)
        is_skipped = twice.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall
        return wall.replace(tzinfo=zone, fold=0 if is_skipped else fold).astimezone(UTC), False
    digits = offset.replace(":", "")[1:].ljust(4, "0") if offset != "Z" else "0000"
    away = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return (wall + away if offset[0] == "-" else wall - away).replace(tzinfo=UTC), True


def _shown(moment: datetime) -> str:
    shown = f"{moment:%Y-%m-%d %H:%M:%S}"
    return shown + (f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else "")


def _moment(text: str) -> str | None:
    """Of an hour that comes twice the first is meant."""
    read = _read_moment(text, fold=0)
    return _shown(read[0]) if read else None


def _moment_again(text: str) -> str | None:
    first, second = _read_moment(text, fold=0), _read_moment(text, fold=1)
    return _shown(second[0]) if first and second and first != second else None


def _local_day(text: str) -> str | None:
    """The day as written, unless an offset says at which moment it was: then that of the place's clock."""
    read = _read_moment(text, fold=0)
    if read and read[1]:
        return str(read[0].astimezone(ZoneInfo(PLACE)).date())
    return _matched(r"(\d{4})-(\d\d)-(\d\d)", text[:10], _day) if read else None


ORACLES: dict[str, Callable[[str], str | None]] = {
    "date": lambda text: _matched(rf"(\d{{4}})-(\d\d)-(\d\d){TIME_BEHIND}", text, _day),
    "dutch_date": lambda text: _matched(
        rf"(\d\d)-(\d\d)-(\d{{4}}){TIME_BEHIND}", text, lambda day, month, year: _day(year, month, day)
    ),
    "month": lambda text: _matched(r"(\d{4})-(\d\d)", text, lambda year, month: _day(year, month, "01")),
    "number": _decimal,
    "dutch_number": _dutch_decimal,
    "whole_number": _whole,
    "score": lambda text: text if text in {str(score) for score in range(11)} else None,
    "moment": _moment,
    "local_day": _local_day,
    "moment_again": _moment_again,
}
CLOCK = r"[0-2][0-9]:[0-6][0-9](:[0-6][0-9](\.[0-9]{1,9})?)?"
VALID = st.one_of(
    st.dates(date(1980, 1, 1), date(2110, 1, 1)).map(str),
    st.dates().map(lambda day: f"{day:%d-%m}-{day.year:04d}"),
    st.from_regex(r"\A[12][0-9]{3}-[01][0-9]\Z"),
    st.from_regex(rf"\A(20[0-4][0-9]-[01][0-9]-[0-3][0-9]|[0-3][0-9]-[01][0-9]-20[0-4][0-9])[T ]{CLOCK}\Z"),
    st.decimals(-10_000, 10_000, places=2).map(str),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.integers(-20, 200).map(str),
    st.from_regex(r"\A-?[0-9]{1,3}(\.[0-9]{3}){0,2}(,[0-9]{0,3})?\Z"),
    st.from_regex(rf"\A(19[89]|20[0-4])[0-9]-[01][0-9]-[0-3][0-9][T ]{CLOCK}(Z|[+-][01][0-9](:?[0-5][0-9])?)?\Z"),
    st.sampled_from(
        [
            "2024-03-31T02:30:00",
            "2024-10-27 02:59:59.5",
            "2024-10-27T01:59",
            "2024-10-27T03:00",
            "2024-11-03T05:30Z",
            "2024-06-03T24:00:00",
            "2024-06-03T10:00:00+25:00",
        ]
    ),
)
EDITS = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from(list("0129-+.,:TZ eE_'\"x/ %１٣★½\u200b\u2212"))), max_size=2
)


def _edited(text: str, edits: list[tuple[int, str]]) -> str:
    for place, character in edits:
        text = text[:place] + character + text[place + place % 2 :]
    return text.strip(BLANKS) or "0"


TEXTS = st.lists(
    st.builds(_edited, VALID, EDITS) | st.text(min_size=1, max_size=12).map(lambda text: _edited(text, [])), max_size=60
)


def _in_calendar(value: object) -> object:
    """A day that is out of range is quarantined, whichever it is."""
    return value if value is None or ("1990" <= str(value) < "2101" and "(BC)" not in str(value)) else None


@fuzzed
@given(TEXTS)
@example(["1e3", "1E-2", "0.005", "-0.005", "9999999999999999.994", "9999999999999999.995", "-0", "1.", ".5", "."])
@example(["-024-01-01", "0000-01-01", "2024-02-30", "2024-1- 1", "31-12-1989", "2024-06-03T10:00:00-99"])
@example(["2024-06-03T10:00:", "2024-06-03T10:00:5", "2024-06-03T 1:00", "2024-06-03 10:00:00 CET", "2024-10-27T02:30"])
def test_values(parse: Callable[[list[str]], list[dict[str, object]]], texts: list[str]) -> None:
    for text, found in zip(texts, parse(texts), strict=True):
        for name, oracle in ORACLES.items():
            value, expected = found[name], oracle(text)
            if name == "local_day" and found["moment"] is None:
                # the row is quarantined for its moment
                continue
            if name in ("date", "dutch_date", "month", "moment", "local_day", "moment_again"):
                value, expected = _in_calendar(value), _in_calendar(expected)
            assert value == expected, (name, text)


def test_no_model_has_grown_too_long_to_plan(project: CompiledProject) -> None:
    """A macro within a macro, case by case, once made a model of 140,000 signs: half of its time was planning."""
    lengths = {name: len(query) for name, query in project.queries.items() if not name.startswith(("probe", "stat"))}
    assert {name: length for name, length in lengths.items() if length > LONGEST_QUERY} == {}
