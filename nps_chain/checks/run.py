"""The commands: check the raw rows, check the marts, check a landing folder alone."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import monotonic

from nps_chain.checks import data_docs
from nps_chain.checks.engine import Bench
from nps_chain.checks.findings import CRITICAL, WARNING, SuiteReport
from nps_chain.checks.limits import load_limits
from nps_chain.checks.mart_suites import mart_reports
from nps_chain.checks.raw_suites import raw_reports
from nps_chain.contracts.landing import load_contract
from nps_chain.errors import UserError
from nps_chain.settings import Settings

Say = Callable[[str], None]
SHOWN_WARNINGS = 10


def check_raw(settings: Settings, say: Say) -> None:
    """Run the suites of the landing data sets over the raw folder; a critical failure stops here."""
    started = monotonic()
    with Bench(settings.temporary) as bench:
        reports = raw_reports(bench, settings.raw, load_contract(), load_limits().raw)
    _conclude(settings, say, reports, "raw", "The landing folder failed its checks, so nothing was built", started)


def check_marts(settings: Settings, say: Say) -> None:
    """Run the suites of the public tables over the working database; a critical failure stops here."""
    started = monotonic()
    with Bench(settings.temporary) as bench:
        reports = mart_reports(bench, settings.work_database, load_limits().marts)
    _conclude(settings, say, reports, "marts", "The marts failed their checks, so nothing was published", started)


def check(settings: Settings, read: Callable[[Settings], None] | None, say: Say) -> None:
    """Check a landing folder that `read` takes into a raw folder of its own; without one, what the last build left."""
    if read is not None:
        _check_landing(settings, read, say)
        return
    if not settings.raw.is_dir():
        raise UserError("There is nothing to check: name a folder, `make check LANDING=path`, or run `make build`.")
    check_raw(settings, say)
    if settings.work_database.is_file():
        check_marts(settings, say)


def _check_landing(settings: Settings, read: Callable[[Settings], None], say: Say) -> None:
    scratch = settings.scratch
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        read(replace(settings, warehouse=scratch, raw=scratch / "raw", work_database=scratch / "work.duckdb"))
        check_raw(replace(settings, raw=scratch / "raw"), say)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _conclude(
    settings: Settings, say: Say, reports: list[SuiteReport], stage: str, consequence: str, started: float
) -> None:
    """Write the documents, say the warnings, and stop at critical failures."""
    folder = data_docs.write(settings.warehouse / "data_docs", stage, reports)
    findings = [finding for report in reports for finding in report.findings]
    # one fault can fail two expectations
    critical = list(dict.fromkeys(finding.text for finding in findings if finding.severity == CRITICAL))
    warned = dict.fromkeys(finding.text for finding in findings if finding.severity == WARNING)
    warnings = [text for text in warned if text not in critical]
    for text in warnings[:SHOWN_WARNINGS]:
        say(f"  ! {text}")
    if len(warnings) > SHOWN_WARNINGS:
        say(f"  ! and {len(warnings) - SHOWN_WARNINGS} more; see {_shown(folder, settings)}")
    expectations = sum(len(report.result.results) for report in reports)
    say(
        f"checks: {expectations:,} expectations on {len(reports)} {'data sets' if stage == 'raw' else 'tables'} in "
        f"{monotonic() - started:.1f} s, {len(warnings)} warnings; see {_shown(folder, settings)}"
    )
    if critical:
        more = f"; and {len(critical) - 1} more, see {_shown(folder, settings)}" if len(critical) > 1 else ""
        raise UserError(f"{consequence}: {critical[0]}{more}.")


def _shown(folder: Path, settings: Settings) -> str:
    return str(folder.relative_to(settings.warehouse.parent) / "index.html")
