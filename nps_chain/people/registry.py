"""What outlives a build of everything: which key each customer had, how keys changed, what erasure requests met.

It lies beside the working database and is lent to the models through the raw folder, which holds all that they read. An
erased person leaves it with the raw folder's rows.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import duckdb

from nps_chain.raw_folder import (
    CUSTOMER_CHANGES,
    CUSTOMER_KEYS,
    KEPT,
    execute_copy,
    kept_path,
    link,
    parts_sql,
    swap,
    tidy,
)


def _place(kept: Path, name: str) -> Path:
    return kept / f"{name}.parquet"


def _empty(name: str) -> str:
    columns = (column.rsplit(" ", 1) for column in KEPT[name].split(", "))
    return "select " + ", ".join(f"cast(null as {kind}) as {column}" for column, kind in columns) + " where false"


def kept_sql(kept: Path, name: str) -> str:
    """What is kept under the name, as a relation; without rows where nothing is."""
    place = _place(kept, name)
    return parts_sql([place]) if place.is_file() else f"({_empty(name)})"


def lend(kept: Path, raw: Path) -> None:
    """Let the models read what the last build kept."""
    tidy(kept)
    lend_nothing(raw)
    for name in KEPT:
        if _place(kept, name).is_file():
            kept_path(raw, name).unlink()
            link(_place(kept, name), kept_path(raw, name))


def lend_nothing(raw: Path) -> None:
    """As before the first build, so that a raw folder is whole by itself."""
    with duckdb.connect() as connection:
        for name in KEPT:
            # not into what may be a link
            kept_path(raw, name).unlink(missing_ok=True)
            execute_copy(connection, _empty(name), kept_path(raw, name))


def keep(connection: duckdb.DuckDBPyConnection, kept: Path, queries: Mapping[str, str]) -> None:
    """Keep what the queries yield in place of what was kept under their names; all of it or, if stopped, nothing."""
    tidy(kept)
    fresh = kept.with_name(f"{kept.name}.new-{os.getpid()}")
    # hashes of identities: for the owner's eyes
    fresh.mkdir(mode=0o700)
    try:
        for name in KEPT:
            if name in queries:
                execute_copy(connection, queries[name], _place(fresh, name))
            elif _place(kept, name).is_file():
                link(_place(kept, name), _place(fresh, name))
        swap(fresh, kept)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def forget(connection: duckdb.DuckDBPyConnection, kept: Path) -> dict[str, str]:
    """Queries of keys and changes without those of the table `erased_node`, for `keep`.

    A key goes when all who had it went, and with it the keys that were merged into it.
    """
    keys, changes = kept_sql(kept, CUSTOMER_KEYS), kept_sql(kept, CUSTOMER_CHANGES)
    connection.execute(
        f"""
        create table dead_key as
            with recursive dead as (
                select customer_key from {keys} where node_key in (from erased_node)
                except
                select customer_key from {keys} where node_key not in (from erased_node)
                union
                select changes.old_customer_key
                from {changes} as changes
                inner join dead on changes.new_customer_key = dead.customer_key
                where changes.change_kind = 'merged_into'
            )
            select customer_key from dead
        """
    )
    return {
        CUSTOMER_KEYS: f"from {keys} where node_key not in (from erased_node)",
        CUSTOMER_CHANGES: f"from {changes} where old_customer_key not in (from dead_key) "
        "and new_customer_key not in (from dead_key)",
    }
