"""The verdict: the published figures as a table for the terminal."""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
# what draws can show: no chance of nothing, and no certainty
LEAST_CHANCE, MOST_CERTAIN = 0.01, 0.99
# languages of the sentences, and the ending of their columns; the table's headings stay English
LANGUAGES = {"en": "", "nl": "_nl"}
VERDICTS = {
    "weakest": "WEAKEST",
    "probable": "probably",
    "candidate": "undecided",
    "not_weakest": "not weakest",
    CANNOT_TELL: "cannot tell",
}
SCOPES = {"Rows": "row", "Answers alone, whose invitation stays": "answer"}
# heading, width, whether figures (flush right)
COLUMNS = (
    ("link", 15, False),
    ("answers", 9, True),
    ("NPS (95 % interval)", 24, True),
    ("back 9-10", 11, True),
    ("back 0-6", 10, True),
    ("at stake, EUR", 15, True),
    ("chance", 12, True),
    ("verdict", 13, False),
)
LEGEND = (
    "Weakest is the link with most at stake, not the one with the lowest NPS. At stake: margin a year that the chain's "
    "partners together miss as customers with low scores come back less, as far as no other link explains it. Back: "
    "share of customers who gave 9 or 10 (0 to 6) and bought anything from the chain again. Chance: that no other link "
    "has more at stake."
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
    verdict_reason{ending},
    chain_sentence{ending}
from mart_weakest_link
order by chain_code, link_position
"""
# of a chain in which links are named: which other one customers linked more strictly name instead
_STRICTER = """
with stricter as (
    select
        *,
        list(link_name) filter (where verdict in ('weakest', 'candidate')) over (partition by chain_name) as named,
        case when not same_link_by_numbers then coalesce(weakest_by_numbers, 'none') end as by_numbers,
        case when not same_link_without_phones then coalesce(weakest_without_phones, 'none') end as without_phones
    from mart_weakest_link
)
select
    chain_name,
    max(by_numbers) filter (where not list_contains(named, by_numbers)),
    max(without_phones) filter (where not list_contains(named, without_phones))
from stricter
where named is not null
group by chain_name
"""
STRICTER = ("linked by numbers alone", "linked without phone numbers")
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
_WITHOUT_USABLE_ROW = """
select file_path
from mart_pipeline_health
where file_status = 'no_usable_row'
order by file_path
"""
_WARNINGS = """
select severity, warning_code, warning_name, partner_code, dataset, file_path, sentence
from mart_source_warning
order by warning_rank
"""
SEVERITIES = {1: "Figures are wrong:", 2: "Figures are incomplete:", 3: "Worth a look:"}
DISTRUSTED = "Sources that can't be trusted, worst first (all of them, a row each: mart_source_warning):"
# what can't be trusted and what was not read, together, the blank line before them too
CLOSING_LINES = 40
# The first that fits: most lines a cause; most lines a file that was not read (0: its path only); whether files without
# a usable row are listed again, though each is among the causes; whether a source's data set stands beside it.
FORMS = (
    (CLOSING_LINES, CLOSING_LINES, True, True),
    (CLOSING_LINES, 1, True, True),
    (CLOSING_LINES, 1, False, True),
    (CLOSING_LINES, 0, False, True),
    (CLOSING_LINES, 0, False, False),
    (4, 0, False, False),
    (2, 0, False, False),
    (1, 0, False, False),
)


def verdict(published: Path, language: str = "en") -> str:
    """Return the verdict as text of at most WIDTH columns, its sentences in that language."""
    if not published.is_file():
        raise UserError(f"There is no verdict yet: {published} does not exist. Run `make build`.")
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(str(published))} as published (read_only)")
        connection.execute("use published")
        chains = [*_chains(connection, language), *textwrap.wrap(LEGEND, WIDTH), ""]
        lines = [*chains, *_period(connection), *_rows_read(connection), *_closing(connection)]
    return "\n".join(lines)


def what_was_lost(warehouse: Path) -> str:
    """How many rows were read and refused, and the closing lines; nothing of a file that lacks these tables."""
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(str(warehouse))} as published (read_only)")
        connection.execute("use published")
        try:
            return "\n".join([*_rows_read(connection), *_closing(connection)])
        except duckdb.CatalogException:
            return ""


def _chains(connection: duckdb.DuckDBPyConnection, language: str) -> list[str]:
    lines: list[str] = []
    rows = connection.execute(_LINKS.format(ending=LANGUAGES[language])).fetchall()
    others = {chain: links for chain, *links in connection.execute(_STRICTER).fetchall()}
    first = _first_width([row[2] for row in rows])
    for (chain, window), links in groupby(rows, key=lambda row: row[:2]):
        lines += [f"{chain}: the weakest link (back = bought again within {window} days)", ""]
        lines += [_line([heading for heading, _, _ in COLUMNS], first), "-" * (first + OTHER_WIDTHS)]
        rows_of_chain = list(links)
        lines += [_line(_cells(row[2:-2], first), first) for row in rows_of_chain]
        for row in rows_of_chain:
            if row[-3] == CANNOT_TELL:
                lines += _wrapped(f"{row[2]}: {row[-2]}.")
        lines += ["", *textwrap.wrap(rows_of_chain[0][-1], WIDTH), *_linked_otherwise(others.get(chain, [])), ""]
    return lines


def _linked_otherwise(links: Sequence[str | None]) -> list[str]:
    """Say which link stricter linkings name, where it is another one."""
    said = [f"{how}: {link}" for how, link in zip(STRICTER, links, strict=False) if link]
    return textwrap.wrap(f"Among customers {'; '.join(said)} has most at stake.", WIDTH) if said else []


def _period(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Say how far the data reach and which quarters the tables cover."""
    return [
        f"Data complete to {as_of}; the tables cover {first} to {last}, the last four whole quarters."
        for as_of, first, last in connection.execute(_PERIOD).fetchall()
    ]


def _wrapped(text: str) -> list[str]:
    # codes of partners and paths stay whole
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)


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
    # of so few customers, or for so short a time, shares are no figures to go by
    if value is None:
        promoters = detractors = None
    return [
        link if len(link) < first else f"{link[: first - 2]}.",
        _figure(answers, ",.0f"),
        _interval(nps, low, high),
        _share(promoters),
        _share(detractors),
        "none" if value is not None and value <= 0 else _figure(value, ",.0f"),
        _chance(p_weakest),
        VERDICTS.get(outcome, str(outcome)),
    ]


def _interval(nps: Any, low: Any, high: Any) -> str:
    if nps is None:
        return UNKNOWN_FIGURE
    return f"{_figure(nps, '+.1f')} ({_figure(low, '+.1f'):>5} to {_figure(high, '+.1f'):>5})"


def _share(value: Any) -> str:
    return UNKNOWN_FIGURE if value is None else f"{value * 100:.1f} %"


def _chance(probability: Any) -> str:
    """The chance as the sentences say it: rounded down, so that 0.796 never reads as a threshold of 0.8."""
    if probability is None:
        return UNKNOWN_FIGURE
    if probability > MOST_CERTAIN:
        return "over 99 %"
    if probability < LEAST_CHANCE:
        return "under 1 %"
    return f"{math.floor(probability * 100 + 1e-9)} %"


def _figure(value: Any, pattern: str) -> str:
    if value is None:
        return UNKNOWN_FIGURE
    text = format(value, pattern)
    # what rounds to nothing is not below it
    return text if any(sign in "123456789" for sign in text) else format(0, pattern)


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


@dataclass(frozen=True)
class Cause:
    """One kind of warning, the sources it is about, and what is said of the worst of them."""

    severity: int
    name: str
    sources: list[str]
    sentence: str

    def lines(self, most: int) -> list[str]:
        """As many sources as fit into that many lines."""
        named = f"{self.name}: {', '.join(self.sources)}." if self.sources[0] else f"{self.name}."
        for text in (named, *self._shorter()):
            if len(_wrapped(text)) <= most:
                return _wrapped(text)
        return _wrapped(named)[:most]

    def of_partners(self) -> "Cause":
        """The same with partners alone as sources; files of no partner stay."""
        partners = [source if "/" in source else source.split(" ")[0] for source in self.sources]
        return replace(self, sources=list(dict.fromkeys(partners)))

    def explained(self) -> list[str]:
        """All sources, and what is said of the worst."""
        sources, first = ", ".join(self.sources), self.sources[0]
        if len(self.sources) == 1:
            return _wrapped(f"{self.name}: {first}: {self.sentence}" if first else f"{self.name}. {self.sentence}")
        return _wrapped(f"{self.name}: {sources}. {first}: {self.sentence}")

    def _shorter(self) -> list[str]:
        counts = range(len(self.sources) - 1, 0, -1)
        return [
            f"{self.name}: {', '.join(self.sources[:count])} and {len(self.sources) - count} more." for count in counts
        ]


def _closing(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """What can't be trusted and what was not read, as fully as CLOSING_LINES allow; nothing where all is well."""
    causes = full = _causes(connection)
    files = connection.execute(_NOT_LOADED).fetchall()
    without_row = [path for (path,) in connection.execute(_WITHOUT_USABLE_ROW).fetchall()]
    said: list[list[str]] = []
    unread: list[str] = []
    for lines_a_cause, lines_a_file, is_listed, has_datasets in FORMS:
        causes = full if has_datasets else [cause.of_partners() for cause in full]
        said = [cause.lines(lines_a_cause) for cause in causes]
        unread = _not_read(files, without_row, lines_a_file, is_listed)
        room = CLOSING_LINES - len(_distrusted(causes, said)) - len(unread)
        if room >= 0:
            return [*_distrusted(causes, _explained(causes, said, room)), *unread]
    unread = _cut(unread, CLOSING_LINES // 2, "  and more: mart_pipeline_health")
    room = CLOSING_LINES - len(unread)
    return [*_cut(_distrusted(causes, said), room, "  and more: mart_source_warning"), *unread]


def _explained(causes: Sequence[Cause], said: Sequence[list[str]], room: int) -> list[list[str]]:
    """First all sources are named, then the causes explained, from the worst on, as far as there is room for it."""
    found = list(said)
    for fuller in ([cause.lines(CLOSING_LINES) for cause in causes], [cause.explained() for cause in causes]):
        for place, lines in enumerate(fuller):
            more = len(lines) - len(found[place])
            if more <= room:
                room -= max(0, more)
                found[place] = lines
    return found


def _causes(connection: duckdb.DuckDBPyConnection) -> list[Cause]:
    """The kinds of warnings, each with its worst source first."""
    causes: dict[str, Cause] = {}
    for severity, code, name, partner, dataset, path, sentence in connection.execute(_WARNINGS).fetchall():
        cause = causes.setdefault(code, Cause(severity, name, [], sentence))
        source = _source(partner, dataset, path)
        if source not in cause.sources:
            cause.sources.append(source)
    return list(causes.values())


def _source(partner: str | None, dataset: str | None, path: str | None) -> str:
    """A source as a reader knows it: its partner and the file or what it delivers, or the file alone."""
    if partner is None:
        return path or ""
    if path:
        return f"{partner} {Path(path).stem}"
    return f"{partner} {dataset.rpartition('__')[2]}" if dataset else partner


def _distrusted(causes: Sequence[Cause], said: Sequence[list[str]]) -> list[str]:
    """The lines of the causes under their headings."""
    lines = ["", DISTRUSTED] if causes else []
    for severity, group in groupby(zip(causes, said, strict=True), key=lambda pair: pair[0].severity):
        lines.append(SEVERITIES[severity])
        lines += [line for _, of_cause in group for line in of_cause]
    return lines


def _not_read(
    files: Sequence[tuple[str, str | None]], without_row: Sequence[str], most: int, is_listed: bool
) -> list[str]:
    """The files that were not read with what was wrong; those without a usable row together."""
    count = len(files) + len(without_row)
    if not count:
        return []
    said = f"{count_files(count)} {'was' if count == 1 else 'were'} not read"
    if not most and not is_listed:
        if without_row:
            said += f"; {len(without_row)} without a usable row {'is' if len(without_row) == 1 else 'are'} named above"
        return ["", f"{said} (mart_pipeline_health says why){':' if files else '.'}", *_names(files)]
    lines = ["", f"{said}:"]
    if most:
        for path, message in files:
            wrapped = _wrapped(message or path)
            lines += wrapped if len(wrapped) <= most else [*wrapped[: most - 1], f"{wrapped[most - 1][: WIDTH - 3]}..."]
    if without_row and is_listed:
        lines += _wrapped(f"None of their rows can be used (mart_quarantine says why): {_listed(without_row)}.")
    elif without_row:
        lines += _wrapped(
            f"None of the rows of {count_files(len(without_row))} can be used; they are among the sources above."
        )
    return lines


def _listed(paths: Sequence[str]) -> str:
    """The files, each partner named once."""
    partners: dict[str, list[str]] = {}
    for path in paths:
        partner, _, name = path.partition("/")[2].partition("/")
        # of chain administration the path
        partners.setdefault(partner if name else path, []).append(name)
    return "; ".join(f"{partner} {', '.join(names)}".rstrip() for partner, names in partners.items())


def _names(files: Sequence[tuple[str, str | None]]) -> list[str]:
    return _wrapped(f"{_listed([path for path, _ in files])}.") if files else []


def _cut(lines: list[str], most: int, last: str) -> list[str]:
    return lines if len(lines) <= most else [*lines[: most - 1], last]
