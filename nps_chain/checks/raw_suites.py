"""The suites of the landing data sets, from the contract, over the raw rows that the intake wrote.

Each data set is counted in one scan into a profile of one row, which the suite judges: a suite over the rows
themselves would scan them once per expectation, and its documents would hold their values.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import great_expectations.expectations as gxe
import yaml
from great_expectations.expectations.metadata_types import FailureSeverity

from nps_chain.checks import values
from nps_chain.checks.engine import Bench
from nps_chain.checks.findings import CRITICAL, WARNING, Check, SuiteReport, run_suite
from nps_chain.checks.limits import RawLimits
from nps_chain.checks.raw_faults import SCORE, Calendar, Fault, faults
from nps_chain.checks.raw_history import History, Strays
from nps_chain.contracts.landing import Contract, Dataset
from nps_chain.intake.projection import schema
from nps_chain.raw_folder import MANIFEST, dataset_sql
from nps_chain.settings import ROOT
from nps_chain.sql_quoting import identifier, literal

NAMED = 3


def raw_reports(bench: Bench, raw: Path, contract: Contract, limits: RawLimits) -> list[SuiteReport]:
    """Run the suite of every data set."""
    bench.run(f"create table files as from read_parquet({literal(str(raw / MANIFEST))})")
    variables = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    calendar = Calendar(variables["earliest_date"], variables["latest_date"])
    strays = Strays(variables["stray_gap_days"], variables["stray_max_share"])
    suites = []
    for dataset in contract.datasets:
        bench.run(f"create view {identifier('raw_' + dataset.name)} as from {dataset_sql(raw, dataset.name)}")
        history = History(bench, dataset, limits.volume, calendar, strays)
        suites.append(RawSuite(bench, dataset, limits, history, faults(dataset, calendar)))
    for suite in suites:
        suite.count()
    newest = max((suite.last_day for suite in suites if suite.last_day), default=None)
    # first every table, then the suites: their connection sees what was there when it began
    checks = {suite.dataset.name: suite.checks(newest) for suite in suites}
    return [run_suite(bench, name, expected) for name, expected in checks.items()]


@dataclass
class RawSuite:
    """Counts one data set and says what is expected of the counts."""

    bench: Bench
    dataset: Dataset
    limits: RawLimits
    history: History
    faults: list[Fault]
    last_day: str | None = None
    rows: int = 0
    _profile: dict[str, float | None] = field(default_factory=dict)
    _checks: list[Check] = field(default_factory=list)
    _partners: dict[str, list[str]] = field(default_factory=dict)

    @property
    def _raw(self) -> str:
        return identifier(f"raw_{self.dataset.name}")

    def count(self) -> None:
        """Fill the profile."""
        name = self.dataset.name
        counts = "".join(f", count(*) filter (where {fault.condition}) as {fault.name}" for fault in self.faults)
        self.bench.run(
            f"create table counts_{name} as select file_id, count(*) as rows{counts} from {self._raw} group by file_id"
        )
        sums = ", ".join(f"coalesce(sum({column}), 0)" for column in ["rows", *(fault.name for fault in self.faults)])
        ((self.rows, *counted),) = self.bench.run(f"select {sums} from counts_{name}")
        self._profile = {"rows": self.rows, **self._count_files()}
        shares = zip(self.faults, counted, strict=True)
        self._profile |= {f"share_{fault.name}": found / max(self.rows, 1) for fault, found in shares}
        self._count_history()

    def _count_files(self) -> dict[str, float]:
        ((files, failed),) = self.bench.run(
            "select count(*), count(*) filter (where status = 'failed') "
            f"from files where dataset = {literal(self.dataset.name)} and status <> 'missing'"
        )
        return {"files": files, "share_failed_files": failed / max(files, 1)}

    def _count_history(self) -> None:
        dataset = self.dataset
        if dataset.event_day:
            self.last_day = self.history.volume_by_day(dataset.event_day)
        else:
            self.history.volume_by_file()
        self._profile["volume"], self._partners["volume"] = self.history.volume_figures()
        self._profile["partners_of_other_volume"] = len(self._partners["volume"])
        if dataset.answered:
            self.history.scores(dataset.answered, self.limits.score)
            figures, self._partners["score"] = self.history.score_figures(self.limits.score)
            self._profile |= {f"score_{name}": figure for name, figure in figures.items()}
            self._profile["partners_of_other_score"] = len(self._partners["score"])

    def checks(self, newest: str | None) -> list[Check]:
        """Expectations over the profile, which becomes a table of one row."""
        if newest and self.last_day and self._profile["volume"] is not None:
            ((silent,),) = self.bench.run(f"select date_diff('day', date '{self.last_day}', date '{newest}')")
            self._profile["silent_days"] = silent
        columns = ", ".join(f"cast({figure} as double) as {name}" for name, figure in self._known().items())
        self.bench.run(f"create table {self.dataset.name} as select {columns}")
        self._expect_schema_and_rows()
        self._expect_readable_files()
        for fault in self.faults:
            self._expect_few(fault)
        self._expect_volume()
        self._expect_scores()
        return self._checks

    def _known(self) -> dict[str, float]:
        return {name: figure for name, figure in self._profile.items() if figure is not None}

    def _severity(self, group: str, judged: bool = True) -> FailureSeverity:
        """Critical, unless there is too little to judge or the user has accepted it."""
        # `accepted:` with nothing behind it is None
        accepted = (self.limits.accepted or {}).get(self.dataset.name, ())
        return CRITICAL if judged and group not in accepted else WARNING

    def _between(
        self,
        figure: str,
        severity: FailureSeverity,
        say: Callable[[float], str],
        low: float | None = None,
        high: float | None = None,
    ) -> None:
        """Expect a figure of the profile in a range; one that the data are too few for is not there."""
        if self._profile.get(figure) is not None:
            expectation = gxe.ExpectColumnMaxToBeBetween(
                column=figure, min_value=low, max_value=high, severity=severity
            )
            self._checks.append(Check(expectation, say))

    def _expect_schema_and_rows(self) -> None:
        expected = ", ".join(
            f"({literal(name)}, {literal(kind.upper())})" for name, kind in schema(self.dataset).items()
        )
        # the profile, {batch}, is only named: the columns looked at are those of the raw rows
        query = (
            "select coalesce(declared.name, found.column_name) as column_name "
            f"from (values {expected}) as declared (name, kind) "
            f"full join (describe from {self._raw}) as found on declared.name = found.column_name "
            "where declared.kind is distinct from found.column_type and exists (from {batch})"
        )
        expectation = gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=query,
            severity=CRITICAL,
            description="The raw rows have the contract's columns: text, and numbers where an identity was hashed.",
        )
        self._checks.append(Check(expectation, lambda _: self._sentence("its raw columns are not the contract's")))
        least = 1 if self.dataset.required else 0
        self._between("rows", CRITICAL, lambda _: self._sentence("it is required and has no row"), low=least)

    def _expect_readable_files(self) -> None:
        limits = self.limits.failed_files

        def say(share: float) -> str:
            paths = self.bench.run(
                f"select file_path from files where dataset = {literal(self.dataset.name)} and status = 'failed' "
                "order by file_path"
            )
            return self._sentence(f"{share:.1%} of its files cannot be read", [path for (path,) in paths])

        self._between("share_failed_files", WARNING, say, high=limits.warning)
        if (self._profile["files"] or 0) >= limits.min_files:
            self._between("share_failed_files", self._severity("failed_files"), say, high=limits.critical)

    def _expect_few(self, fault: Fault) -> None:
        limits = self.limits.faulty_rows
        # of codes that the seeds don't have yet a few are said by the quarantine
        is_code = fault.kind == "not_known"
        most = limits.critical if is_code else limits.warning
        self._between(f"share_{fault.name}", WARNING, lambda share: self._faulty(fault, share), high=most)
        if self.rows >= limits.min_rows and not is_code:
            severity = self._severity("faulty_rows")
            self._between(
                f"share_{fault.name}", severity, lambda share: self._faulty(fault, share), high=limits.critical
            )
        elif self.dataset.required and self.rows:
            # without one good row of it nothing is left, which would show at the end and not say why
            most = 1 - 1 / self.rows
            self._between(f"share_{fault.name}", CRITICAL, lambda share: self._faulty(fault, share), high=most)

    def _faulty(self, fault: Fault, share: float) -> str:
        """Name the files with most such rows, and values that may be shown."""
        paths = self.bench.run(
            f"select file_path from counts_{self.dataset.name} inner join files using (file_id) "
            f"where {fault.name} > 0 order by {fault.name} desc, file_path"
        )
        text = f"{share:.1%} of its {self.rows:,} rows {fault.words}"
        if fault.kind not in ("missing", "mangled"):
            text += f", {values.shown(self._most_frequent(fault.column.alias, fault.condition))}"
        return self._sentence(text, [path for (path,) in paths], fault.column.name)

    def _most_frequent(self, column: str, condition: str) -> list[str]:
        found = self.bench.run(
            f"select {identifier(column)} from {self._raw} where {condition} "
            f"group by all order by count(*) desc, 1 limit {values.CANDIDATES}"
        )
        return [text for (text,) in found]

    def _expect_volume(self) -> None:
        limits = self.limits.volume
        is_dated = self.dataset.event_day is not None
        unit = f"{limits.window_days} days" if is_dated else "file"

        def say(ratio: float) -> str:
            return self._sentence(
                f"its newest {unit} has {ratio:.2f} times the usual rows".replace("days has", "days have"),
                self._newest_files(),
            )

        def say_partners(_: float) -> str:
            return self._partners_text("volume", "have far from their usual rows", unit)

        self._between("volume", WARNING, say, low=limits.warning_low, high=limits.warning_high)
        if is_dated or self.dataset.name in self.limits.whole_lists:
            self._between("volume", self._severity("volume"), say, low=limits.critical_low)
        self._between("partners_of_other_volume", WARNING, say_partners, high=0)
        self._between(
            "silent_days",
            WARNING,
            lambda days: self._sentence(f"its last row is {days:.0f} days older than those of other data sets"),
            high=limits.silent_days,
        )

    def _expect_scores(self) -> None:
        limits = self.limits.score
        for figure, warning, critical, words in (
            ("mean_moved", limits.mean_warning, limits.mean_critical, "the mean score of {days} moved by {moved:+.1f}"),
            (
                "promoters_moved",
                limits.share_of_9_and_10_warning,
                limits.share_of_9_and_10_critical,
                "the share of 9 and 10 of {days} moved by {moved:+.0%}",
            ),
            ("no_score", limits.no_score_warning, limits.no_score_critical, "{moved:.0%} of {days} are no score"),
        ):
            say = partial(self._moved, figure, words)
            for severity, limit in ((WARNING, warning), (self._severity("score"), critical)):
                self._between(f"score_{figure}", severity, say, low=-limit, high=limit)
        self._between(
            "partners_of_other_score",
            WARNING,
            lambda _: self._partners_text("score", "are scored far from what they were", "answers"),
            high=0,
        )

    def _moved(self, figure: str, words: str, moved: float) -> str:
        column = next(column for column in self.dataset.columns if column.alias == SCORE)
        paths, condition = self.history.score_causes(self.dataset.answered or "", figure, moved)
        text = words.format(days=f"the newest {self.limits.volume.window_days} days", moved=moved)
        shown = values.shown(self._most_frequent(SCORE, condition))
        return self._sentence(f"{text}, {shown}", paths, column.name)

    def _newest_files(self) -> list[str]:
        paths = self.bench.run(
            f"select files.file_path from newest_{self.dataset.name} inner join files using (file_id) "
            "group by all order by count(*) desc, 1"
        )
        return [path for (path,) in paths]

    def _partners_text(self, figure: str, words: str, unit: str) -> str:
        partners = self._partners[figure]
        return self._sentence(f"{len(partners)} partners {words} ({unit}): {_list(partners)}")

    def _sentence(self, text: str, paths: list[str] | None = None, column: str | None = None) -> str:
        places = [f"data set {self.dataset.name}"]
        if paths:
            places.append(f"file {_list(paths, 1)}")
        if column:
            places.append(f"column {column}")
        return f"{', '.join(places)}: {text}"


def _list(names: list[str], most: int = NAMED) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
