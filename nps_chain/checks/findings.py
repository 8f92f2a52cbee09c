"""What a suite found, for the message and for the Data Docs."""

from collections.abc import Callable
from dataclasses import dataclass

from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.metadata_types import FailureSeverity

from nps_chain.checks.engine import Bench

CRITICAL, WARNING = FailureSeverity.CRITICAL, FailureSeverity.WARNING
NUMBER = "number"


@dataclass(frozen=True)
class Check:
    """An expectation, and how to say that it failed: a function of what GE observed, asked only then."""

    expectation: Expectation
    say: Callable[[float], str]


@dataclass(frozen=True)
class Finding:
    """A failed expectation in words."""

    severity: FailureSeverity
    text: str


@dataclass(frozen=True)
class SuiteReport:
    """One suite, run."""

    name: str
    result: ExpectationSuiteValidationResult
    findings: tuple[Finding, ...]


def run_suite(bench: Bench, table: str, checks: list[Check]) -> SuiteReport:
    """Validate a table and put the failures into words, in the order of the suite."""
    for number, check in enumerate(checks):
        check.expectation.meta = {NUMBER: number}
    result = bench.validate(table, [check.expectation for check in checks])
    failed = sorted((entry for entry in result.results if not entry.success), key=_number)
    return SuiteReport(table, result, tuple(_finding(entry, checks[_number(entry)], table) for entry in failed))


def could_not_run(entry: ExpectationValidationResult) -> bool:
    """Whether the expectation raised an error: GE keeps one record, or one for each metric that failed."""
    info = entry.exception_info or {}
    return bool(info.get("raised_exception")) or any(isinstance(part, dict) for part in info.values())


def _finding(entry: ExpectationValidationResult, check: Check, table: str) -> Finding:
    expected = _configuration(entry)
    if not could_not_run(entry):
        return Finding(FailureSeverity(expected.severity), check.say(_observed(entry)))
    columns = [name for key in ("column", "column_B", "column_A") if (name := expected.kwargs.get(key))]
    place = f"{table}, column {columns[0]}" if columns else table
    return Finding(CRITICAL, f"{place}: {expected.type} could not be evaluated")


def _number(entry: ExpectationValidationResult) -> int:
    return int((_configuration(entry).meta or {})[NUMBER])


def _configuration(entry: ExpectationValidationResult) -> ExpectationConfiguration:
    """What was expected, which a result that ran always holds."""
    if entry.expectation_config is None:
        raise ValueError("the result of an expectation does not say which")
    return entry.expectation_config


def _observed(entry: ExpectationValidationResult) -> float:
    """The figure of an aggregate, or the number of rows at fault."""
    result = entry.result or {}
    observed = result.get("observed_value", result.get("unexpected_count", 0))
    return observed if isinstance(observed, int | float) else 0
