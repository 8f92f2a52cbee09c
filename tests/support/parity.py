"""What two published files have in common: nothing, unless every table holds the same rows.

Keys, counts, texts, dates and decimals must be equal, doubles to a billionth: engines add in another order. What is
left of a difference of equal numbers is rounding, and has no size to be a part of.
"""

import sys
from pathlib import Path

import duckdb

TOLERANCE = 1e-9
ROUNDING = 1e-14
SIDES = ("first", "second")


def differences(first: Path, second: Path) -> list[str]:
    """A sentence per difference between two published files."""
    with duckdb.connect() as connection:
        for side, path in zip(SIDES, (first, second), strict=True):
            connection.execute(f"attach '{path}' as {side} (read_only)")
        one, other = (_tables(connection, side) for side in SIDES)
        found = [f"{name} is in one of the files only" for name in sorted(one.keys() ^ other.keys())]
        for name in sorted(one.keys() & other.keys()):
            if one[name] != other[name]:
                found.append(f"{name} has other columns: {sorted(set(one[name]) ^ set(other[name]))}")
            else:
                found += _row_differences(connection, name, one[name])
    return found


def _tables(connection: duckdb.DuckDBPyConnection, side: str) -> dict[str, list[tuple[str, str]]]:
    """Names and types of the columns of every table, in their order."""
    rows = connection.execute(
        "select table_name, column_name, data_type from duckdb_columns() where database_name = ? "
        "order by table_name, column_index",
        [side],
    ).fetchall()
    tables: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in rows:
        tables.setdefault(table, []).append((column, kind))
    return tables


def _row_differences(connection: duckdb.DuckDBPyConnection, table: str, columns: list[tuple[str, str]]) -> list[str]:
    """Rows are paired by all columns that must be equal; what is left over has no equal."""
    exact = [name for name, kind in columns if kind != "DOUBLE"]
    doubles = [name for name, kind in columns if kind == "DOUBLE"]
    for side in SIDES:
        connection.execute(
            f"create or replace temp view {side}_rows as select *, row_number() over (partition by "
            f"{', '.join(exact)} order by {', '.join([*doubles, '1'])}) as repeat from {side}.main.{table}"
        )
    paired = " and ".join(f"first_rows.{name} is not distinct from second_rows.{name}" for name in [*exact, "repeat"])
    pairs = f"first_rows full join second_rows on {paired}"
    found = []
    lonely = connection.execute(
        f"select count(*) filter (where second_rows.repeat is null), count(*) filter (where first_rows.repeat is null) "
        f"from {pairs}"
    ).fetchone()
    if lonely and any(lonely):
        found.append(f"{table}: {lonely[0]} rows of the first and {lonely[1]} of the second have no equal")
    for name in doubles:
        apart = connection.execute(
            f"select count(*), max({_distance(name)}) from {pairs} where {_is_apart(name)}"
        ).fetchone()
        if apart and apart[0]:
            found.append(f"{table}.{name}: {apart[0]} values differ, at most by {apart[1] or 0:.3g} of their size")
    return found


def _distance(name: str) -> str:
    one, other = (f"{side}_rows.{name}" for side in SIDES)
    return f"abs({one} - {other}) / nullif(greatest(abs({one}), abs({other})), 0)"


def _is_apart(name: str) -> str:
    one, other = (f"{side}_rows.{name}" for side in SIDES)
    paired = "first_rows.repeat is not null and second_rows.repeat is not null"
    # infinite and undefined values have no distance, and must be the same
    unequal = f"{one} is distinct from {other}"
    is_close = f"{_distance(name)} <= {TOLERANCE} or abs({one} - {other}) <= {ROUNDING}"
    return f"{paired} and {unequal} and not coalesce({is_close}, false)"


if __name__ == "__main__":
    lines = differences(Path(sys.argv[1]), Path(sys.argv[2]))
    print("\n".join(lines) or "no difference")
    sys.exit(bool(lines))
