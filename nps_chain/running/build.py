"""The build: demo data if none are given, intake, dbt, publishing, verdict; one at a time."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic

from nps_chain.contracts.landing import load_contract
from nps_chain.errors import UserError
from nps_chain.intake import intake
from nps_chain.messages import count_files, say
from nps_chain.people import erasure, identity, registry
from nps_chain.publishing.export import export
from nps_chain.publishing.publish import EMPTY_VARIABLE, holds_content, publish
from nps_chain.publishing.verdict import verdict
from nps_chain.raw_folder import FAILED, LOADED, MISSING, UNKNOWN, Load, read_manifest
from nps_chain.running import dbt, demo_data, kept, spark
from nps_chain.running.state import State, can_load_changes, take_state, write_state
from nps_chain.settings import DUCKDB, KEY_VARIABLE, SPARK, Settings

# `none` leaves the checks out, for tests of other things.
CHECKS_VARIABLE = "NPS_CHECKS"
# The shapes of data sets that a warehouse is there for.
CONTENT_SHAPES = ("survey", "transaction")
# Requests to be erased that are told one by one.
SHOWN_REQUESTS = 20


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
        require_content(settings)
        check(settings, "raw")
        if settings.engine == SPARK:
            run_dbt_on_spark(settings)
        else:
            run_dbt(settings, changes_only)
            write_state(settings, load)
        publish_marts(settings)
    say("")
    say(verdict(settings.published_database))


def require_content(settings: Settings) -> None:
    """Stop before an empty warehouse is built for minutes, only to be refused."""
    datasets = {dataset.name for dataset in load_contract().datasets if dataset.shape in CONTENT_SHAPES}
    files = [file for file in read_manifest(settings.raw) if file.dataset in datasets]
    if os.environ.get(EMPTY_VARIABLE) or any(file.rows_read for file in files):
        return
    failed = sum(file.status == FAILED for file in files)
    if failed:
        fault = f"Nothing could be read of the {count_files(failed)} of answers and purchases (see above)"
    elif holds_content(settings.published_database):
        fault = "The landing folder holds no answer and no purchase, and the published warehouse does"
    else:
        return
    raise UserError(f"{fault}, so nothing was built; {EMPTY_VARIABLE}=1 builds an empty warehouse if that is meant.")


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
    kept.keep_customers(settings)
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
    registry.lend(settings.kept, settings.raw)
    key = _key(landing)
    # an intake that was stopped before it erased leaves requests that have not been carried out
    is_pending = anew or erasure.is_requested(settings.raw)
    can_add = not is_pending and can_load_changes(state, load)
    if can_add and not erasure.concerns(settings.raw, load, key, settings.temporary):
        say_unmet(settings)
        return load, True
    if load.base is not None and erasure.has_erased(settings.raw):
        say("intake: this may bear on people who were erased, so all is read anew")
        load = read_landing(settings, landing, scale, anew=True)
        registry.lend(settings.kept, settings.raw)
    if erasure.is_requested(settings.raw):
        say("erasure: finding the rows of people who asked to be erased")
        # on DuckDB, whichever engine makes the models: the scratch database is read there
        options, on_duckdb = ["--select", f"+{erasure.MODEL}", *dbt.NO_TESTS], replace(settings, engine=DUCKDB)

        def name_rows(database: Path) -> None:
            dbt.build(on_duckdb, options, work_database=database)

        rows = erasure.erase(settings.raw, key, settings.temporary, name_rows, settings.kept)
        registry.lend(settings.kept, settings.raw)
        say(f"erasure: {rows:,} rows were taken out")
        say_met(settings)
    say_unmet(settings)
    return load, False


def say_met(settings: Settings) -> None:
    """Say how many records each request met that met any."""
    counts = [f"{number} {rows:,}" for number, rows, _ in erasure.met(settings.raw, settings.kept) if rows]
    if counts:
        more = f" and {len(counts) - SHOWN_REQUESTS:,} more" if len(counts) > SHOWN_REQUESTS else ""
        say(f"erasure: records met by each request: {', '.join(counts[:SHOWN_REQUESTS])}{more}")


def say_unmet(settings: Settings) -> None:
    """Say which requests met nobody, in every build that they are delivered in."""
    sentences = [sentence for _, rows, sentence in erasure.met(settings.raw, settings.kept) if not rows]
    for sentence in sentences[:SHOWN_REQUESTS]:
        say(f"  ! {sentence}")
    if len(sentences) > SHOWN_REQUESTS:
        say(f"  ! {len(sentences) - SHOWN_REQUESTS:,} more requests to be erased met nobody.")


def _key(landing: Path | None) -> str:
    if landing is not None:
        return identity.identity_key()
    return os.environ.get(KEY_VARIABLE) or demo_data.IDENTITY_KEY


def read_landing(settings: Settings, landing: Path | None, scale: str, anew: bool = False) -> Load:
    """Run the intake over the user's folder, or over demo data made for it."""
    key = _key(landing)
    if landing is not None:
        return _read(settings, landing, key, anew)
    with demo_data.made(scale) as made:
        return _read(settings, made, key, anew)


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


def run_dbt(settings: Settings, changes_only: bool = False) -> None:
    """Build and test every model, anew or with the changes of this load; a failed test stops here."""
    if changes_only:
        say("dbt: adding what has changed, and testing")
        # unit tests test the code, which is what it was when they passed
        dbt.build(settings, ["--exclude-resource-type", "unit_test"], load="changes")
    else:
        remove_work_database(settings)
        say("dbt: building everything, and testing")
        dbt.build(settings, [])


def run_dbt_on_spark(settings: Settings) -> None:
    """Build and test every model on Spark, and bring the marts into the working database."""
    remove_work_database(settings)
    spark.lend_raw(settings)
    say("dbt: building everything on Spark, and testing")
    dbt.build(settings, [])
    say(f"spark: {spark.extract_marts(settings)} tables in {settings.work_database}")


def remove_work_database(settings: Settings) -> None:
    """Start from nothing, so that a build depends on the landing folder alone."""
    settings.work_database.parent.mkdir(parents=True, exist_ok=True)
    for path in (settings.work_database, settings.work_database.with_name(f"{settings.work_database.name}.wal")):
        path.unlink(missing_ok=True)
