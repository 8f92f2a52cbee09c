"""Kill -9 at random moments: the published file stays whole, and the next run needs no hand.

Part of `make torture`, which sets NPS_KILLS: how often.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from landing_builder import PROJECT
from torture import KILLS, LONG, Site, State, kill_after, make_landing, published_by, state

KILLS_IN_A_ROW = 5
SEED = 20240607
OLD, NEW = "old", "new"
RECEIPTS = {OLD: 0, NEW: 3}
# a refusal needs no more than Python's start
AT_ONCE_SECONDS = 5.0
# what dbt knows of the project from an earlier build saves the next one this much
LATER_BUILD = 0.65

pytestmark = pytest.mark.skipif(not KILLS, reason="make torture kills builds")


@dataclass
class Victim:
    """A site that is disturbed, what undisturbed builds publish, and what the site's file must hold now."""

    site: Site
    landings: dict[str, Path]
    known: dict[str, State]
    undisturbed: dict[str, Site]
    seconds: float
    good: str = OLD
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))

    @property
    def goal(self) -> str:
        """The build that is not published yet."""
        return NEW if self.good == OLD else OLD

    def start(self) -> subprocess.Popen[bytes]:
        """Start building the other landing folder."""
        return self.site.start("build", "--landing", str(self.landings[self.goal]))

    def published(self) -> str:
        """Name the build that is published; a mixture or a broken file fails here."""
        return published_by(self.site.published, self.known)

    def settle(self) -> None:
        """Let one build end by itself, while others are refused: it must publish what an undisturbed one would."""
        landing = self.landings[self.goal]
        away = landing.with_name("away")
        started = time.monotonic()
        process = self.start()
        self.site.wait_until_said(process, "dbt: ")
        # all that is needed of it has been read by now
        landing.rename(away)
        self.assert_others_are_refused(away)
        self.site.finish(process)
        self.seconds = time.monotonic() - started
        away.rename(landing)
        assert self.published() == self.goal
        assert self.site.leftovers() == []
        self.good = self.goal

    def assert_others_are_refused(self, landing: Path) -> None:
        """Whatever would write into the warehouse says in one sentence that it is taken, and stops at once."""
        for arguments in (["build", "--landing", str(landing)], ["publish"]):
            started = time.monotonic()
            second = self.site.run(*arguments)
            assert second.returncode == 1
            assert second.stderr.startswith("Error: Another build is running")
            assert second.stderr.count("\n") == 1
            assert time.monotonic() - started < AT_ONCE_SECONDS


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Victim:
    """Two landing folders, built undisturbed, each in a warehouse of its own; the older one's is then disturbed."""
    folder = tmp_path_factory.mktemp("killed")
    landings = {name: make_landing(folder / f"landing_{name}", receipts) for name, receipts in RECEIPTS.items()}
    sites = {name: Site(folder / name) for name in landings}
    started = time.monotonic()
    processes = {name: sites[name].start("build", "--landing", str(landings[name])) for name in landings}
    for name, process in processes.items():
        sites[name].finish(process)
    seconds = LATER_BUILD * (time.monotonic() - started)
    known = {name: state(site.published) for name, site in sites.items()}
    assert known[OLD] != known[NEW]
    kept = Site(folder / "kept")
    shutil.copytree(sites[OLD].warehouse, kept.warehouse)
    return Victim(sites[OLD], landings, known, {OLD: kept, NEW: sites[NEW]}, seconds)


def test_killed_builds_leave_the_last_good_file_and_heal(victim: Victim) -> None:
    """And while one runs, a second one stops at once and does no harm."""
    kills = in_a_row = 0
    last = victim.good
    while kills < KILLS:
        was_killed = kill_after(victim.start(), victim.chance.uniform(0, victim.seconds))
        kills += was_killed
        in_a_row += was_killed
        # a kill may come after the publishing, but what was published stays so
        assert victim.published() in ((last, victim.goal) if was_killed else (victim.goal,))
        last = victim.published()
        if not was_killed or in_a_row == KILLS_IN_A_ROW or kills == KILLS:
            victim.settle()
            last = victim.good
            in_a_row = 0


def test_killed_publishes_leave_the_old_file_or_the_new_one(victim: Victim, tmp_path: Path) -> None:
    site = Site(tmp_path / "site")
    shutil.copytree(victim.undisturbed[OLD].warehouse, site.warehouse)
    started = time.monotonic()
    assert site.run("publish").returncode == 0
    seconds = time.monotonic() - started
    for name in (NEW, OLD):
        shutil.copyfile(victim.undisturbed[name].work, site.work)
        kills = 0
        while kills < (KILLS + 1) // 2:
            kills += kill_after(site.start("publish"), victim.chance.uniform(0, seconds))
            assert published_by(site.published, victim.known) in (OLD, NEW)
        site.finish(site.start("publish"))
        assert published_by(site.published, victim.known) == name
        assert site.leftovers() == []


@pytest.mark.skipif(not LONG, reason="waiting for what dbt still does belongs to make torture")
def test_a_build_whose_parent_alone_is_killed_heals(victim: Victim) -> None:
    """The kernel, short of memory, kills one process and not its children: what dbt still does must harm nobody."""
    process = victim.start()
    victim.site.wait_until_said(process, "10 of ")
    process.send_signal(signal.SIGKILL)
    process.wait()
    refused = "Another build is running"
    deadline = time.monotonic() + 10 * victim.seconds
    arguments = ("build", "--landing", str(victim.landings[victim.goal]))
    while (outcome := victim.site.run(*arguments)).returncode and time.monotonic() < deadline:
        assert refused in outcome.stderr
    assert outcome.returncode == 0
    assert victim.published() == victim.goal
    victim.good = victim.goal


COPY_IN_PLACE = """
import sys, time
content = open(sys.argv[1], "rb").read()
with open(sys.argv[2], "r+b") as stream:
    stream.write(content[:len(content) // 2])
    stream.flush()
    print("half", flush=True)
    time.sleep(60)
"""
TABLE_BY_TABLE = """
import sys, time, duckdb
with duckdb.connect(sys.argv[2]) as connection:
    connection.execute(f"attach '{sys.argv[1]}' as source (read_only)")
    connection.execute("create or replace table fct_transaction as from source.fct_transaction")
    connection.execute("checkpoint")
    print("half", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("script", [COPY_IN_PLACE, TABLE_BY_TABLE], ids=["copy in place", "table by table"])
def test_the_check_sees_a_publish_that_is_not_atomic(victim: Victim, tmp_path: Path, script: str) -> None:
    published = tmp_path / "nps_chain.duckdb"
    shutil.copyfile(victim.undisturbed[OLD].published, published)
    assert published_by(published, victim.known) == OLD
    command = [sys.executable, "-c", script, str(victim.undisturbed[NEW].published), str(published)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT, start_new_session=True) as process:
        assert process.stdout.readline() == "half\n"
        os.killpg(process.pid, signal.SIGKILL)
    with pytest.raises(AssertionError, match=r"cannot be read|no known build"):
        published_by(published, victim.known)
