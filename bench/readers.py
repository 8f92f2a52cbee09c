"""How fast the published file answers a page: per mart the rows of a page, per fact a partner's quarter.

`python -m bench.readers warehouse/nps_chain.duckdb`
"""

import re
import statistics
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import duckdb

RUNS = 9
MILLISECONDS = 1000
# the star's facts, where pages look for rows: a partner's rows of a quarter
FACTS = {
    "fct_nps_response": "response_on",
    "fct_survey_invitation": "sent_on",
    "fct_transaction": "transaction_on",
    "fct_contact": "opened_on",
    "fct_retention": "response_on",
    "fct_follow_up": "opened_on",
}
CHAIN = "chain_code = $chain_code"
LINK = f"{CHAIN} and link_code = $link_code"
# What a page of each mart asks: a chain's table, a link's series, the partners of a link in a quarter.
PAGES = {
    "mart_weakest_link": [("all chains", "true"), ("a chain", CHAIN)],
    "mart_link_importance": [("a chain", CHAIN)],
    "mart_journey_rule": [("a chain", CHAIN)],
    "mart_nps_by_link": [("a link over time", LINK), ("a chain over time", CHAIN)],
    "mart_nps_by_partner": [
        ("partners of a link in a quarter", f"{LINK} and quarter_start_on = $quarter_start_on"),
        ("a partner over time", "partner_code = $partner_code"),
    ],
    "mart_nps_change": [("a link's quarter", f"{LINK} and quarter_start_on = $quarter_start_on")],
    "mart_partner_ranking": [("partners of a link", LINK)],
    "mart_retention_by_nps_category": [("a link", LINK)],
    "mart_retention_change": [("a chain", CHAIN)],
    "mart_revenue_at_risk": [("a chain", CHAIN)],
    "mart_earned_growth": [("a chain over time", CHAIN)],
    "mart_business_case": [("a link over time", LINK)],
    "mart_pipeline_health": [("all files", "true")],
    "mart_quarantine": [("reasons", "true")],
}
COLUMNS = {"mart_quarantine": "reason_code, count(*)"}


@dataclass(frozen=True)
class Reading:
    """One query, asked several times."""

    table: str
    query: str
    rows: int
    first_ms: float
    median_ms: float

    def as_dict(self) -> dict[str, Any]:
        """For the results file."""
        return asdict(self)


class NoPageError(Exception):
    """A mart that no page is known of, or a page that shows nothing."""


def read(database: Path, may_be_empty: tuple[str, ...] = ("mart_quarantine",)) -> list[Reading]:
    """Ask every mart and fact its queries; the marts of `may_be_empty` may have no rows."""
    with duckdb.connect(str(database), read_only=True) as connection:
        queries = [query for table in _tables(connection) for query in _queries(connection, table)]
    readings = [_ask(database, *query) for query in queries]
    for reading in readings:
        if reading.rows == 0 and reading.table not in may_be_empty:
            raise NoPageError(f"{reading.table}, {reading.query}: no rows")
    return readings


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute("select table_name from duckdb_tables() order by all").fetchall()
    return [table for (table,) in rows if table.startswith("mart_") or table in FACTS]


def _queries(connection: duckdb.DuckDBPyConnection, table: str) -> Iterator[tuple[str, str, str]]:
    if table in FACTS:
        yield table, "rows of a partner and quarter", _fact_query(connection, table)
        return
    if table not in PAGES:
        raise NoPageError(f"{table}: bench/readers.py knows no page of it")
    for kind, condition in PAGES[table]:
        names = re.findall(r"\$(\w+)", condition)
        values = _most_frequent(connection, table, names)
        for name, value in zip(names, values, strict=True):
            condition = condition.replace(f"${name}", f"'{value}'")
        group = " group by all" if table in COLUMNS else ""
        yield table, kind, f"select {COLUMNS.get(table, '*')} from {table} where {condition}{group}"


def _most_frequent(connection: duckdb.DuckDBPyConnection, table: str, names: list[str]) -> tuple[Any, ...]:
    """The values that most rows have together, so that a page is a full one."""
    if not names:
        return ()
    columns = ", ".join(names)
    known = " and ".join(f"{name} is not null" for name in names)
    row = connection.execute(
        f"select {columns} from {table} where {known} group by all order by count(*) desc, {columns} limit 1"
    ).fetchone()
    if row is None:
        raise NoPageError(f"{table}: no row with {columns}")
    return row


def _fact_query(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    partner, quarter = connection.execute(
        f"select partner_key, date_trunc('quarter', max({FACTS[table]})) from {table} "
        "group by partner_key order by count(*) desc limit 1"
    ).fetchone() or (None, None)
    if quarter is None:
        raise NoPageError(f"{table}: no rows")
    return (
        f"from {table} where partner_key = {partner} and {FACTS[table]} >= date '{quarter}' "
        f"and {FACTS[table]} < date '{quarter}' + interval 3 months"
    )


def _ask(database: Path, table: str, kind: str, sql: str) -> Reading:
    took, rows = [], 0
    with duckdb.connect(str(database), read_only=True) as connection:
        for _ in range(RUNS):
            started = perf_counter()
            found = connection.execute(sql).fetchall()
            took.append((perf_counter() - started) * MILLISECONDS)
            rows = len(found)
    return Reading(table, kind, rows, took[0], statistics.median(took))


if __name__ == "__main__":
    for reading in read(Path(sys.argv[1])):
        print(f"{reading.median_ms:8.1f} ms  {reading.table}: {reading.query} ({reading.rows} rows)")
