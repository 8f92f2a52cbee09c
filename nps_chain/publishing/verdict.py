"""The verdict: the published figures as a table for the terminal."""

import math
import textwrap
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from nps_chain.errors import UserError
from nps_chain.messages import count_files
from nps_chain.sql_quoting import literal

WIDTH = 110
UNKNOWN_FIGURE = "-"
CANNOT_TELL = "cannot_tell"
VERDICTS = {
    "weakest": "WEAKEST",
    "probable": "probably",
    "candidate": "candidate",
    "not_weakest": "not weakest",
    CANNOT_TELL: "cannot tell",
}
SCOPES = {"Rows": "row", "Answers alone, whose invitation stays": "answer"}
# heading, width, whether figures (flush right)
COLUMNS = (
    ("link", 15, False),
    ("answers", 9, True),
    ("NPS (95 % interval)", 24, True),
    ("promoters", 11, True),
    ("detractors", 11, True),
    ("at stake, EUR", 15, True),
    ("P(weakest)", 11, True),
    ("verdict", 13, False),
)
OTHER_WIDTHS = sum(width for _, width, _ in COLUMNS[1:])
_LINKS = """
select
    chain_name,
    retention_window_days,
    link_name,
    responses,
    nps,
    nps_ci_low,
    nps_ci_high,
    promoter_retention,
    detractor_retention,
    value_at_stake_eur,
    p_weakest,
    case when verdict = 'weakest' and not is_certain then 'probable' else verdict end as verdict,
    verdict_reason,
    chain_sentence
from mart_weakest_link
order by chain_code, link_position
"""
_PERIOD = """
select as_of_on, period_from, period_to
from mart_weakest_link
limit 1
"""
_TOTALS = """
select
    sum(rows_in),
    sum(rows_accepted),
    sum(rows_quarantined),
    sum(rows_erased),
    count(*) filter (where file_status = 'loaded')
from mart_pipeline_health
"""
_REASONS = """
select reason_code, scope, count(*) as rows_quarantined
from mart_quarantine
group by reason_code, scope
order by rows_quarantined desc, reason_code, scope
"""
_NOT_LOADED = """
select file_path, message
from mart_pipeline_health
where file_status in ('failed', 'missing', 'unknown')
order by file_path
"""


def verdict(published: Path) -> str:
    """Return the verdict as text of at most WIDTH columns."""
    if not published.is_file():
        raise UserError(f"There is no verdict yet: {published} does not exist. Run `make build`.")
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(str(published))} as published (read_only)")
        connection.execute("use published")
        lines = [*_chains(connection), *_period(connection), *_rows_read(connection), *_not_loaded(connection)]
    return "\n".join(lines)


def _chains(connection: duckdb.DuckDBPyConnection) -> list[str]:
    lines: list[str] = []
    rows = connection.execute(_LINKS).fetchall()
    first = _first_width([row[2] for row in rows])
    for (chain, window), links in groupby(rows, key=lambda row: row[:2]):
        lines += [f"{chain}: the weakest link (retained = bought again within {window} days)", ""]
        lines += [_line([heading for heading, _, _ in COLUMNS], first), "-" * (first + OTHER_WIDTHS)]
        rows_of_chain = list(links)
        lines += [_line(_cells(row[2:-2], first), first) for row in rows_of_chain]
        for row in rows_of_chain:
            if row[-3] == CANNOT_TELL:
                lines += _wrapped(f"{row[2]}: {row[-2]}.")
        lines += ["", *textwrap.wrap(rows_of_chain[0][-1], WIDTH), ""]
    return lines


def _period(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Say how far the data reach and which quarters the tables cover."""
    return [
        f"Data complete to {as_of}; the tables cover {first} to {last}, the last four whole quarters."
        for as_of, first, last in connection.execute(_PERIOD).fetchall()
    ]


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")


def _first_width(names: Sequence[str]) -> int:
    """The width of the links' column: as wide as their names need, as far as the line allows."""
    return min(max([COLUMNS[0][1], *(len(name) + 1 for name in names)]), WIDTH - OTHER_WIDTHS)


def _line(cells: Sequence[str], first: int) -> str:
    widths = [first, *(width for _, width, _ in COLUMNS[1:])]
    padded = [
        f"{cell:>{width - 1}} " if is_figure else f"{cell:<{width - 1}} "
        for cell, width, (_, _, is_figure) in zip(cells, widths, COLUMNS, strict=True)
    ]
    return "".join(padded).rstrip()


def _cells(row: Sequence[Any], first: int) -> list[str]:
    link, answers, nps, low, high, promoters, detractors, value, p_weakest, outcome = row
    return [
        link if len(link) < first else f"{link[: first - 2]}.",
        _figure(answers, ",.0f"),
        _interval(nps, low, high),
        _figure(promoters, ".1%"),
        _figure(detractors, ".1%"),
        _figure(value, ",.0f"),
        # rounded down, so that 0.796 never reads as a threshold of 0.8
        _figure(None if p_weakest is None else math.floor(p_weakest * 100 + 1e-9) / 100, ".2f"),
        VERDICTS.get(outcome, str(outcome)),
    ]


def _interval(nps: Any, low: Any, high: Any) -> str:
    if nps is None:
        return UNKNOWN_FIGURE
    return f"{_figure(nps, '+.1f')} ({_figure(low, '+.1f'):>5} to {_figure(high, '+.1f'):>5})"


def _figure(value: Any, pattern: str) -> str:
    return UNKNOWN_FIGURE if value is None else format(value, pattern)


def _rows_read(connection: duckdb.DuckDBPyConnection) -> list[str]:
    totals = connection.execute(_TOTALS).fetchone() or ()
    read, accepted, quarantined, erased, files = (int(total or 0) for total in totals)
    unlisted = f", of which {erased:,} erased on request (not listed)" if erased else ""
    text = (
        f"Read {read:,} rows from {count_files(files)}: {accepted:,} accepted, {quarantined:,} quarantined{unlisted}."
    )
    lines = textwrap.wrap(text, WIDTH, subsequent_indent="  ")
    reasons = connection.execute(_REASONS).fetchall()
    for title, wanted in SCOPES.items():
        counts = [f"{reason} {count:,}" for reason, scope, count in reasons if scope == wanted]
        if counts:
            lines += _wrapped(f"{title}: {', '.join(counts)}.")
    return lines


def _not_loaded(connection: duckdb.DuckDBPyConnection) -> list[str]:
    files = connection.execute(_NOT_LOADED).fetchall()
    if not files:
        return []
    heading = f"{count_files(len(files))} {'was' if len(files) == 1 else 'were'} not read:"
    sentences = [line for path, message in files for line in _wrapped(message or path)]
    return ["", heading, *sentences]
