"""What outlives a build of everything: lent to the models, kept whole or not at all, and left by who was erased."""

import os
from pathlib import Path

import duckdb
import pytest

from nps_chain.people import registry
from nps_chain.raw_folder import CUSTOMER_BUILDS, CUSTOMER_CHANGES, CUSTOMER_KEYS, ERASURE_OUTCOMES, KEPT, kept_path

KEYS = "(values (1, 1), (2, 1), (3, 3), (4, 4), (5, 4), (8, 8)) as keys (node_key, customer_key)"
CHANGES = (
    "(values (6, 5, 'merged_into', 2, date '2024-01-01'), (5, 3, 'merged_into', 3, date '2024-02-01'), "
    "(3, 8, 'split_from', 3, date '2024-02-01'), (9, 8, 'merged_into', 4, date '2024-03-01'), "
    "(7, 4, 'moved_to', 4, date '2024-03-01')) "
    "as changes (old_customer_key, new_customer_key, change_kind, build_number, as_of_on)"
)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    folder = tmp_path / "kept"
    with duckdb.connect() as connection:
        queries = {CUSTOMER_KEYS: f"from {KEYS}", CUSTOMER_CHANGES: f"from {CHANGES}"}
        registry.keep(connection, folder, queries)
    return folder


def rows(kept: Path, name: str) -> list[tuple[object, ...]]:
    return duckdb.execute(f"from {registry.kept_sql(kept, name)} order by all").fetchall()


def test_before_the_first_build_all_is_lent_without_rows(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    registry.lend(tmp_path / "kept", tmp_path / "raw")
    for name, columns in KEPT.items():
        found = duckdb.execute(f"describe from '{kept_path(tmp_path / 'raw', name)}'").fetchall()
        assert ", ".join(f"{column} {kind.lower()}" for column, kind, *_ in found) == columns
        assert duckdb.execute(f"from '{kept_path(tmp_path / 'raw', name)}'").fetchall() == []
        assert rows(tmp_path / "kept", name) == []


def test_what_is_kept_is_lent_and_what_is_not_named_stays(kept: Path, tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        registry.keep(connection, kept, {CUSTOMER_BUILDS: "select 3::bigint as build_number, 7 as last_given_key"})
    (tmp_path / "raw").mkdir()
    for _ in range(2):
        registry.lend(kept, tmp_path / "raw")
    assert duckdb.execute(f"from '{kept_path(tmp_path / 'raw', CUSTOMER_BUILDS)}'").fetchall() == [(3, 7)]
    assert len(duckdb.execute(f"from '{kept_path(tmp_path / 'raw', CUSTOMER_KEYS)}'").fetchall()) == 6
    assert kept.stat().st_mode & 0o077 == 0


def test_a_keeping_that_fails_or_is_killed_leaves_what_was_there(kept: Path) -> None:
    with duckdb.connect() as connection, pytest.raises(duckdb.Error):
        registry.keep(
            connection, kept, {CUSTOMER_KEYS: "select 1 as node_key, 1 as customer_key", "erasure_outcomes": "x"}
        )
    assert len(rows(kept, CUSTOMER_KEYS)) == 6
    # killed between the two renames of a swap
    kept.rename(kept.with_name(f"kept.old-{os.getpid()}"))
    (kept.parent / "kept.new-1").mkdir()
    (kept.parent / "raw").mkdir()
    registry.lend(kept, kept.parent / "raw")
    assert len(rows(kept, CUSTOMER_KEYS)) == 6
    assert sorted(path.name for path in kept.parent.iterdir()) == ["kept", "raw"]


def test_an_erased_person_leaves_keys_and_log_and_others_stay(kept: Path) -> None:
    with duckdb.connect() as connection:
        # all of customer 3, and one of the two identities of customer 4
        connection.execute("create table erased_node as select unnest([3, 5, 99]) as node_key")
        registry.keep(connection, kept, registry.forget(connection, kept))
    assert rows(kept, CUSTOMER_KEYS) == [(1, 1), (2, 1), (4, 4), (8, 8)]
    # 5 and 6 had become 3; 8 was a part of 3
    assert [row[:3] for row in rows(kept, CUSTOMER_CHANGES)] == [(7, 4, "moved_to"), (9, 8, "merged_into")]
    assert rows(kept, ERASURE_OUTCOMES) == []
