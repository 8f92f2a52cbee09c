"""Files whose dates stand with the month first where the contract has the day first.

`03-04-2024` is a day either way, so no row alone can tell. The file can: where a clear share of a column's dates can
only be read with the month first, and fewer only with the day first, none is taken.
"""

from pathlib import Path

import duckdb

from nps_chain.contracts.landing import Column, Dataset
from nps_chain.sql_quoting import identifier, literal

DAY_FIRST = "dd-mm-yyyy"
REASON = "month_first"
# Of dates with the month first some three in five can only be read so; one among many is a typing error.
CLEAR_SHARE = 0.25


def reject_month_first(connection: duckdb.DuckDBPyConnection, dataset: Dataset, part: Path) -> dict[int, str]:
    """Turn the dated rows of such files into rejects; say per file which column it is and how many dates show it."""
    if dataset.date_format != DAY_FIRST:
        return {}
    said: dict[int, str] = {}
    for column in dataset.stored_columns:
        if column.type == "date":
            for file_id, shown, _, dated in _files(connection, column, part):
                _reject(connection, dataset, column, part, file_id)
                said[file_id] = " ".join(filter(None, (said.get(file_id), _sentence(column, shown, dated))))
    return said


def _sentence(column: Column, shown: int, dated: int) -> str:
    return (
        f"Dates in {column.name} stand with the month first: {shown:,} of {dated:,} can only be read as mm-dd-yyyy, "
        f"where {DAY_FIRST} is expected, so none of them was taken."
    )


def _files(connection: duckdb.DuckDBPyConnection, column: Column, part: Path) -> list[tuple[int, int, int, int]]:
    """The files, with their dates that can only be read with the month first, only with the day first, and in all."""
    text = identifier(column.alias)
    one, two, year = (f"substring({text}, {start}, {length})" for start, length in ((1, 2), (4, 2), (7, 4)))
    is_day_first, is_month_first = (
        f"try_cast(concat_ws('-', {year}, {month}, {day}) as date) is not null"
        for month, day in ((two, one), (one, two))
    )
    return connection.execute(
        f"select file_id, count(*) filter (where {is_month_first} and not {is_day_first}) as month_first, "
        f"count(*) filter (where {is_day_first} and not {is_month_first}) as day_first, "
        f"count(*) filter (where {is_day_first} or {is_month_first}) as dated "
        f"from read_parquet({literal(str(part))}) where {_is_dated(column)} group by file_id "
        f"having month_first > day_first and month_first > {CLEAR_SHARE} * dated order by file_id"
    ).fetchall()


def _is_dated(column: Column) -> str:
    return f"regexp_matches({identifier(column.alias)}, '^[0-9]{{2}}-[0-9]{{2}}-[0-9]{{4}}')"


def _reject(connection: duckdb.DuckDBPyConnection, dataset: Dataset, column: Column, part: Path, file_id: int) -> None:
    source = f"read_parquet({literal(str(part))}, hive_partitioning = false)"
    goes = f"(file_id = {file_id} and coalesce({_is_dated(column)}, false))"
    reason = literal(f"{REASON}:{column.alias}")
    connection.execute(
        f"insert into rejects select {literal(dataset.name)}, file_id, line_number, {reason} from {source} where {goes}"
    )
    rest = part.with_name(f"{part.name}.rest")
    connection.execute(f"copy (select * from {source} where not {goes}) to {literal(str(rest))} (format parquet)")
    rest.replace(part)
