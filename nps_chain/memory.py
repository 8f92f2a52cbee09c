"""How much memory DuckDB may use, and where it puts what does not fit."""

import os
from pathlib import Path

import duckdb

from nps_chain.errors import UserError
from nps_chain.sql_quoting import literal

VARIABLE = "NPS_MEMORY_LIMIT"
# of the machine's memory; the rest is Python's and the system's
DEFAULT_SHARE = 0.6


def memory_limit() -> str:
    """What the environment says, such as 8GB; without that a share of what the machine has."""
    given = os.environ.get(VARIABLE)
    if given:
        return given
    return f"{int(os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') * DEFAULT_SHARE) // 2**20}MiB"


def connect(spill: Path) -> duckdb.DuckDBPyConnection:
    """Open a database in memory that keeps to the limit."""
    connection = duckdb.connect()
    try:
        limit(connection, spill)
    except UserError:
        connection.close()
        raise
    return connection


def limit(connection: duckdb.DuckDBPyConnection, spill: Path) -> None:
    """Keep a database to the limit; the folder takes what does not fit, and is made when it is needed."""
    try:
        connection.execute("set temp_directory = " + literal(str(spill)))
        connection.execute("set memory_limit = " + literal(memory_limit()))
    except duckdb.Error as error:
        raise UserError(f"{VARIABLE} is {memory_limit()!r}, which is no amount of memory such as 8GB.") from error
