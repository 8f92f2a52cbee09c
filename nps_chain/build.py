"""The build: demo data if none are given, intake, dbt, publishing, verdict; one at a time."""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

from nps_chain import erasure, identity, intake, memory, spark
from nps_chain.errors import UserError
from nps_chain.export import export
from nps_chain.files import count_files
from nps_chain.publish import publish
from nps_chain.raw import FAILED, LOADED, MISSING, UNKNOWN, Load
from nps_chain.settings import DUCKDB, ROOT, SPARK, Settings
from nps_chain.state import State, can_load_changes, take_state, write_state
from nps_chain.verdict import verdict

DEMO = ROOT / "demo_data"
DEMO_LANDING = DEMO / "landing"
DEMO_TRUTH = DEMO / "truth.json"
DEMO_STAMP = DEMO / "scale"
DEMO_LOCK = DEMO / ".lock"
# Public on purpose: it guards invented people only and is never used with anybody's own landing folder.
DEMO_IDENTITY_KEY = "demo-key-for-invented-people-only"
# `none` leaves the checks out, for tests of other things.
CHECKS_VARIABLE = "NPS_CHECKS"
NO_TESTS = ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
NODES_PER_PROGRESS_LINE = 10
SHOWN_FAILURES = 5
SHOWN_MESSAGE_WIDTH = 500
# dbt's heading names the node once more: Compilation Error in model x (models/x.sql)
HEADING = re.compile(r"^(\w+ Error) in \w+ \S+ \([^)]*\)$", re.MULTILINE)


def say(line: str) -> None:
    """Print a line of progress at once."""
    print(line, flush=True)


@contextmanager
def sole_build(settings: Settings) -> Iterator[None]:
    """Hold the lock; the operating system releases it when the process ends, however that happens."""
    settings.warehouse.mkdir(parents=True, exist_ok=True)
    with settings.lock.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UserError(f"Another build is running in {settings.warehouse}; wait until it has ended.") from error
        # dbt holds it too: should this process alone be killed, nobody may touch the database that dbt still writes
        os.set_inheritable(lock.fileno(), True)
        yield


def build(settings: Settings, landing: Path | None, scale: str, anew: bool = False) -> None:
    """Run everything from the raw files to the verdict.

    After a build that succeeded only what has changed since is loaded, unless all is to be made `anew`. Spark makes
    everything anew, and leaves a working database that the next build can't add to.
    """
    if settings.engine == SPARK:
        spark.require_spark(settings)
    with sole_build(settings):
        state = take_state(settings)
        spark.remove_tables(settings)
        load, changes_only = take_in(settings, landing, scale, anew, None if settings.engine == SPARK else state)
        check(settings, "raw")
        if settings.engine == SPARK:
            run_dbt_on_spark(settings)
        else:
            run_dbt(settings, changes_only)
            write_state(settings, load)
        publish_marts(settings)
    say("")
    say(verdict(settings.published_database))


def check(settings: Settings, stage: str) -> None:
    """Run the checks of a stage, `raw` or `marts`; a critical failure stops here."""
    if os.environ.get(CHECKS_VARIABLE) == "none":
        return
    # imported late: Great Expectations takes seconds to import, and the other commands don't need it
    from nps_chain.checks import run as checks

    {"raw": checks.check_raw, "marts": checks.check_marts}[stage](settings, say)


def check_alone(settings: Settings, landing: Path | None) -> None:
    """Check a landing folder without building anything; without one, what the last build left."""
    from nps_chain.checks import run as checks

    def read(scratch: Settings) -> None:
        read_landing(scratch, landing, scale="1", anew=True)

    checks.check(settings, read if landing else None, say)


def publish_marts(settings: Settings) -> None:
    """Publish what dbt built, if it passes its checks."""
    if settings.work_database.is_file():
        check(settings, "marts")
    tables = publish(settings.work_database, settings.published_database)
    say(f"publish: {tables} tables in {settings.published_database}")
    if settings.export.is_symlink():
        # an export of the last build would keep people who have since asked to be erased
        export(settings.published_database, settings.export)
        say(f"export: renewed in {settings.export}")


def take_in(
    settings: Settings, landing: Path | None, scale: str, anew: bool = False, state: State | None = None
) -> tuple[Load, bool]:
    """Read the landing folder and erase who asked for it; say whether the changes alone need to be built.

    What was erased is not in the raw folder any more, so whatever may bear on it makes everything be read anew.
    """
    shutil.rmtree(settings.scratch, ignore_errors=True)
    load = read_landing(settings, landing, scale, anew)
    key = _key(landing)
    # an intake that was stopped before it erased leaves requests that have not been carried out
    is_pending = anew or erasure.is_requested(settings.raw)
    can_add = not is_pending and can_load_changes(state, load)
    if can_add and not erasure.concerns(settings.raw, load, key, settings.temporary):
        return load, True
    if load.base is not None and erasure.has_erased(settings.raw):
        say("intake: this may bear on people who were erased, so all is read anew")
        load = read_landing(settings, landing, scale, anew=True)
    if erasure.is_requested(settings.raw):
        say("erasure: finding the rows of people who asked to be erased")
        # on DuckDB, whichever engine makes the models: the scratch database is read there
        options, on_duckdb = ["--select", f"+{erasure.MODEL}", *NO_TESTS], replace(settings, engine=DUCKDB)
        rows = erasure.erase(
            settings.raw, key, settings.temporary, lambda database: _dbt(on_duckdb, options, work_database=database)
        )
        say(f"erasure: {rows:,} rows were taken out")
    return load, False


def _key(landing: Path | None) -> str:
    if landing is not None:
        return identity.identity_key()
    return os.environ.get(identity.KEY_VARIABLE) or DEMO_IDENTITY_KEY


def read_landing(settings: Settings, landing: Path | None, scale: str, anew: bool = False) -> Load:
    """Run the intake over the user's folder, or over demo data made for it."""
    key = _key(landing)
    if landing is not None:
        return _read(settings, landing, key, anew)
    with _sole_demo():
        _make_demo(scale)
        return _read(settings, DEMO_LANDING, key, anew)


def _read(settings: Settings, landing: Path, key: str, anew: bool) -> Load:
    """Run the intake and say what it found; without a required file there is nothing to build."""
    started = monotonic()
    say(f"intake: reading {landing}")
    summary = intake.run(
        landing, settings.raw, key, settings.temporary, progress=lambda line: say(f"  {line}"), anew=anew
    )
    unread = [file.message for file in summary.with_status(FAILED) if file.dataset == erasure.REQUESTS]
    if unread:
        raise UserError(f"{unread[0]} It says who is to be erased, so nothing is built without it.")
    for status in (FAILED, MISSING, UNKNOWN):
        for file in summary.with_status(status):
            if file.message not in summary.unmet:
                say(f"  ! {file.message}")
    say(
        f"intake: {summary.rows_read:,} rows from {count_files(len(summary.with_status(LOADED)))} in "
        f"{monotonic() - started:.1f} s, {summary.rejects:,} of them not readable as rows; "
        f"{summary.kept:,} files had not changed"
    )
    if summary.unmet:
        raise UserError(" ".join(summary.unmet))
    return summary.load


@contextmanager
def _sole_demo() -> Iterator[None]:
    """Wait for builds of other warehouses: a folder that one of them is writing again would look damaged."""
    DEMO.mkdir(exist_ok=True)
    with DEMO_LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make_demo(scale: str) -> None:
    """Generate the demo data, unless they are there already at this scale."""
    with _sole_demo():
        _make_demo(scale)


def _make_demo(scale: str) -> None:
    if DEMO_STAMP.is_file() and DEMO_STAMP.read_text().strip() == scale:
        say(f"demo: data of scale {scale} are there")
        return
    say(f"demo: generating data of scale {scale}")
    DEMO_STAMP.unlink(missing_ok=True)
    command = [sys.executable, "-m", "demo", "--out", str(DEMO_LANDING), "--truth", str(DEMO_TRUTH), "--scale", scale]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        raise UserError("The demo data could not be generated; the message above says why.")
    DEMO_STAMP.write_text(scale)


def run_dbt(settings: Settings, changes_only: bool = False) -> None:
    """Build and test every model, anew or with the changes of this load; a failed test stops here."""
    if changes_only:
        say("dbt: adding what has changed, and testing")
        # unit tests test the code, which is what it was when they passed
        _dbt(settings, ["--exclude-resource-type", "unit_test"], load="changes")
    else:
        remove_work_database(settings)
        say("dbt: building everything, and testing")
        _dbt(settings, [])


def run_dbt_on_spark(settings: Settings) -> None:
    """Build and test every model on Spark, and bring the marts into the working database."""
    remove_work_database(settings)
    spark.lend_raw(settings)
    say("dbt: building everything on Spark, and testing")
    _dbt(settings, [])
    say(f"spark: {spark.extract_marts(settings)} tables in {settings.work_database}")


def _dbt(settings: Settings, options: list[str], load: str = "all", work_database: Path | None = None) -> None:
    """Run `dbt build`; what fails is said in one sentence."""
    program = str(Path(sys.executable).with_name("dbt"))
    command = [program, "--log-format", "json", "--no-use-colors", "build", *options]
    environment = {**os.environ, **settings.environment(), memory.VARIABLE: memory.memory_limit()}
    environment |= {"NPS_LOAD": load, "PYTHONUNBUFFERED": "1"}
    if work_database:
        environment["NPS_WORK_DB"] = str(work_database)
    started = monotonic()
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        close_fds=False,
    ) as process:
        failures = _follow(process.stdout or iter(()), started)
    if process.returncode:
        named = "; ".join(failures[:SHOWN_FAILURES]) or "see logs/dbt.log"
        more = f" and {len(failures) - SHOWN_FAILURES} more" if len(failures) > SHOWN_FAILURES else ""
        raise UserError(f"dbt did not succeed, so nothing was published; what failed: {named.rstrip('.')}{more}.")


def remove_work_database(settings: Settings) -> None:
    """Start from nothing, so that a build depends on the landing folder alone."""
    settings.work_database.parent.mkdir(parents=True, exist_ok=True)
    for path in (settings.work_database, settings.work_database.with_name(f"{settings.work_database.name}.wal")):
        path.unlink(missing_ok=True)


def _follow(lines: Iterable[str], started: float) -> list[str]:
    """Show dbt's progress now and then, and its warnings and errors at once; return what failed, a line each."""
    failures: dict[str, str] = {}
    unlogged = ""
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            # what dbt says when it dies, or can't write its log; the last line of a stack trace tells most
            unlogged = line.strip() or unlogged
            continue
        info, data = event["info"], event["data"]
        if info["level"] in ("warn", "error") and info["name"] != "MainStackTrace":
            say(f"  {info['msg'].strip()}")
        if info["name"] == "MainEncounteredError":
            failures[info["name"]] = _one_line(info["msg"].strip().removeprefix("Encountered an error:"))
        if info["name"] == "RunResultError":
            message = HEADING.sub(r"\1:", info["msg"].strip())
            failures[data["node_info"]["unique_id"]] = _one_line(f"{_node(data)}: {message}")
        if "index" in data and "status" in data:
            if data["status"].lower() in ("fail", "error"):
                failures.setdefault(data["node_info"]["unique_id"], _node(data))
            _show_progress(data["index"], data["total"] if "total" in data else data["num_models"], started)
    return list(failures.values()) or ([_one_line(unlogged)] if unlogged else [])


def _node(data: dict[str, Any]) -> str:
    node = data["node_info"]
    return f"{node['resource_type'].replace('_', ' ')} {node['node_name']}"


def _one_line(message: str) -> str:
    return textwrap.shorten(message, SHOWN_MESSAGE_WIDTH, placeholder=" ...")


def _show_progress(index: int, total: int, started: float) -> None:
    if index % NODES_PER_PROGRESS_LINE == 0 or index == total:
        say(f"  {index} of {total} nodes, {monotonic() - started:.0f} s")
