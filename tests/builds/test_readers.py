"""Eight processes read the published file while builds replace it: no error, and never two builds at once."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest
from torture import KILLS, LONG, Site, digest, make_landing, state

from nps_chain.publishing.publish import publish

READERS = 8
BUILDS = 3
TABLES = 6
ROWS = 30_000
PUBLISHES = 2 * BUILDS
# what every reader does: one connection, every table twice, then again from the start
READER = """
import json, pathlib, sys
from collections import Counter
from torture import digest, fingerprint, state
import duckdb
published, stop = map(pathlib.Path, sys.argv[1:])
seen = Counter()
print("ready", flush=True)
while not stop.exists():
    with duckdb.connect(str(published), read_only=True) as connection:
        names = sorted(row[0] for row in connection.execute("select table_name from duckdb_tables()").fetchall())
        first, second = ({name: fingerprint(connection, name) for name in names} for _ in range(2))
    seen[digest(first)] += 1
    if first != second:
        seen["changed under an open connection"] += 1
print(json.dumps(seen))
"""

pytestmark = pytest.mark.skipif(not KILLS, reason="make torture crowds readers")


@dataclass
class Seen:
    """What the readers saw: how often each state, and what went wrong."""

    states: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)


@contextmanager
def readers(published: Path, stop: Path) -> Iterator[Seen]:
    """Eight readers, from here to the end of the block."""
    seen = Seen()
    command = [sys.executable, "-c", READER, str(published), str(stop)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        for _ in range(READERS)
    ]
    try:
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        yield seen
    finally:
        stop.touch()
        for process in processes:
            output, errors = process.communicate(timeout=60)
            if process.returncode:
                seen.errors.append(errors)
            else:
                seen.states.update(json.loads(output))


def check(seen: Seen, known: set[str]) -> None:
    """Nobody met an error, everything seen is one whole build, and every build was seen."""
    assert seen.errors == []
    assert set(seen.states) == known


def work_database(folder: Path, build: int) -> Path:
    """A working database of which every row of every table says which build it is of."""
    path = folder / f"work_{build}.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
        for table in range(TABLES):
            connection.execute(
                f"create table marts.mart_{table} as select {build} as build_number, range as row_key, "
                f"'text ' || {build} || range as row_text from range({ROWS + build * table})"
            )
    return path


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Published files of three builds, and beside them the working databases."""
    folder = tmp_path_factory.mktemp("builds")
    files = []
    for build in range(BUILDS):
        files.append(folder / f"published_{build}.duckdb")
        publish(work_database(folder, build), files[-1])
    return files


def work_of(published: Path) -> Path:
    return published.with_name(published.name.replace("published", "work"))


def replace_by_turns(published: Path, builds: list[Path], replace: Callable[[Path, Path], object]) -> Seen:
    """Let the readers read while the builds take turns in the published file."""
    with readers(published, published.with_name("stop")) as seen:
        for turn in range(PUBLISHES):
            replace(builds[turn % BUILDS], published)
            time.sleep(0.2)
    return seen


def test_readers_see_one_build_at_a_time(builds: list[Path], tmp_path: Path) -> None:
    published = tmp_path / "nps_chain.duckdb"
    publish(work_of(builds[0]), published)
    seen = replace_by_turns(published, builds, lambda build, target: publish(work_of(build), target))
    check(seen, {digest(state(build)) for build in builds})
    assert seen.states.total() > READERS * BUILDS


def copy_in_place(build: Path, published: Path) -> None:
    """Overwrite the file as a plain copy would, a large one, by pieces."""
    content = build.read_bytes()
    half = len(content) // 2
    with published.open("r+b") as stream:
        for piece in (content[:half], content[half:]):
            stream.write(piece)
            stream.flush()
            time.sleep(0.1)


def tables_from_two_builds(build: Path, published: Path) -> None:
    """Swap in, atomically, a file that was only half renewed."""
    half = published.with_name("half.duckdb")
    shutil.copyfile(published, half)
    with duckdb.connect(str(half)) as connection:
        connection.execute(f"attach '{build}' as source (read_only)")
        connection.execute("create or replace table mart_0 as from source.mart_0")
    half.replace(published)


@pytest.mark.parametrize("faulty", [copy_in_place, tables_from_two_builds])
def test_the_check_sees_a_publish_that_is_not_atomic(
    builds: list[Path], tmp_path: Path, faulty: Callable[[Path, Path], None]
) -> None:
    published = tmp_path / "nps_chain.duckdb"
    shutil.copyfile(builds[0], published)
    seen = replace_by_turns(published, builds, faulty)
    with pytest.raises(AssertionError):
        check(seen, {digest(state(build)) for build in builds})


@pytest.mark.skipif(not LONG, reason="three true builds belong to make torture")
def test_readers_through_three_true_builds(tmp_path: Path) -> None:
    site = Site(tmp_path / "site")
    landings = [make_landing(tmp_path / f"landing_{number}", number) for number in range(BUILDS)]
    known = set()
    site.finish(site.start("build", "--landing", str(landings[-1])))
    known.add(digest(state(site.published)))
    with readers(site.published, tmp_path / "stop") as seen:
        for landing in landings:
            site.finish(site.start("build", "--landing", str(landing)))
            known.add(digest(state(site.published)))
    check(seen, known)
    assert len(known) == BUILDS
