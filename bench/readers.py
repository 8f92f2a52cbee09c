"""How fast the published file answers a page: per mart the rows of a page and a total, per fact a partner's quarter.

`python -m bench.readers warehouse/nps_chain.duckdb`
"""

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
}
# what a page's filters are made of, where the table has them
FILTERS = ("chain_code", "link_code", "partner_code", "quarter_start_on")


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


def read(database: Path) -> list[Reading]:
    """Ask every table its queries."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return [
            _ask(connection, table, kind, sql)
            for table, columns in _tables(connection).items()
            for kind, sql in _queries(connection, table, columns)
        ]


def _tables(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    rows = connection.execute(
        "select table_name, list(column_name order by column_index) from duckdb_columns() "
        "where starts_with(table_name, 'mart_') or starts_with(table_name, 'fct_') group by all order by all"
    ).fetchall()
    return {table: columns for table, columns in rows if table.startswith("mart_") or table in FACTS}


def _queries(connection: duckdb.DuckDBPyConnection, table: str, columns: list[str]) -> Iterator[tuple[str, str]]:
    if table in FACTS:
        yield "rows of a partner and quarter", _fact_query(connection, table)
        return
    filters = [column for column in FILTERS if column in columns]
    if not filters:
        yield "all rows", f"from {table}"
        return
    # the values of a row in the middle, so that they meet something
    row = connection.execute(f"select {', '.join(filters)} from {table} order by all").fetchall()
    if not row:
        return
    values = [
        f"{name} = '{value}'" for name, value in zip(filters, row[len(row) // 2], strict=True) if value is not None
    ]
    yield "rows of a page", f"from {table} where {' and '.join(values)}"
    yield "rows per " + filters[0], f"select {filters[0]}, count(*) from {table} group by all"


def _fact_query(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    partner, quarter = connection.execute(
        f"select partner_key, date_trunc('quarter', max({FACTS[table]})) from {table} "
        "group by partner_key order by count(*) desc limit 1"
    ).fetchone() or (None, None)
    return (
        f"from {table} where partner_key = {partner} and {FACTS[table]} >= date '{quarter}' "
        f"and {FACTS[table]} < date '{quarter}' + interval 3 months"
    )


def _ask(connection: duckdb.DuckDBPyConnection, table: str, kind: str, sql: str) -> Reading:
    took = []
    for _ in range(RUNS):
        started = perf_counter()
        rows = connection.execute(sql).fetchall()
        took.append((perf_counter() - started) * MILLISECONDS)
    return Reading(table, kind, len(rows), took[0], statistics.median(took))


if __name__ == "__main__":
    for reading in read(Path(sys.argv[1])):
        print(f"{reading.median_ms:8.1f} ms  {reading.table}: {reading.query} ({reading.rows} rows)")
