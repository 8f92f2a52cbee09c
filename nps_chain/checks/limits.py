"""The limits of contract/expectations.yml as checked, frozen objects."""

from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from nps_chain.errors import UserError
from nps_chain.settings import ROOT

LIMITS_PATH = ROOT / "contract" / "expectations.yml"
GROUPS = ("faulty_rows", "failed_files", "volume", "score")


@dataclass(frozen=True)
class FaultyRows:
    """Shares of rows with a fault in one column."""

    min_rows: int
    warning: float
    critical: float


@dataclass(frozen=True)
class FailedFiles:
    """Shares of files that could not be read."""

    min_files: int
    warning: float
    critical: float


@dataclass(frozen=True)
class Volume:
    """Rows of the newest window or list, against those before it."""

    window_days: int
    windows: int
    min_files: int
    min_rows: int
    warning_low: float
    warning_high: float
    critical_low: float
    partner_low: float
    partner_high: float
    silent_days: int


@dataclass(frozen=True)
class Score:
    """Scores of the newest window, against those before it."""

    min_answers: int
    mean_warning: float
    mean_critical: float
    share_of_9_and_10_warning: float
    share_of_9_and_10_critical: float
    no_score_warning: float
    no_score_critical: float
    partner_min_answers: int
    partner_mean: float


@dataclass(frozen=True)
class Days:
    """The columns that date a data set's rows: the event's day and, where the row holds an answer, the answer's."""

    day: str
    answered: str | None = None


@dataclass(frozen=True)
class RawLimits:
    """What is asked of the landing data sets."""

    faulty_rows: FaultyRows
    failed_files: FailedFiles
    volume: Volume
    score: Score
    days: dict[str, Days]
    whole_lists: tuple[str, ...]
    accepted: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Range:
    """The values that columns of some names may have."""

    columns: tuple[str, ...]
    reason: str
    tables: tuple[str, ...] = ("*",)
    minimum: float | None = None
    maximum: float | None = None

    def covers(self, table: str, column: str) -> bool:
        """Whether the rule is about this column."""
        return any(fnmatchcase(table, name) for name in self.tables) and matches(column, self.columns)


@dataclass(frozen=True)
class MartLimits:
    """What is asked of the public tables, beyond their contracts."""

    must_have_rows: tuple[str, ...]
    should_have_rows: tuple[str, ...]
    ranges: tuple[Range, ...]
    bootstrap_intervals: tuple[str, ...]
    never_shown: tuple[str, ...]


@dataclass(frozen=True)
class Limits:
    """The whole file."""

    raw: RawLimits
    marts: MartLimits


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether the name fits one of the patterns."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def load_limits(path: Path = LIMITS_PATH) -> Limits:
    """Read and check the limits; a fault is one sentence."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Limits(raw=_raw(document["raw"]), marts=_marts(document["marts"]))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"The limits {path.name} cannot be read: {str(error).splitlines()[0]}.") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(f"The limits {path.name} are not valid: a part is missing or misspelt ({error}).") from error


def _raw(entry: dict[str, Any]) -> RawLimits:
    accepted = {name: tuple(groups) for name, groups in (entry["accepted"] or {}).items()}
    unknown = sorted({group for groups in accepted.values() for group in groups} - set(GROUPS))
    if unknown:
        raise UserError(f"The limits are not valid: `accepted` names the unknown group {', '.join(unknown)}.")
    return RawLimits(
        faulty_rows=_numbers(FaultyRows, entry["faulty_rows"]),
        failed_files=_numbers(FailedFiles, entry["failed_files"]),
        volume=_numbers(Volume, entry["volume"]),
        score=_numbers(Score, entry["score"]),
        days={name: Days(**columns) for name, columns in entry["days"].items()},
        whole_lists=tuple(entry["whole_lists"]),
        accepted=accepted,
    )


def _numbers(kind: type, entry: dict[str, Any]) -> Any:
    wrong = [field.name for field in fields(kind) if not isinstance(entry.get(field.name), int | float)]
    if wrong:
        raise UserError(f"The limits are not valid: {wrong[0]} needs a number.")
    return kind(**entry)


def _marts(entry: dict[str, Any]) -> MartLimits:
    return MartLimits(
        must_have_rows=tuple(entry["must_have_rows"]),
        should_have_rows=tuple(entry["should_have_rows"]),
        ranges=tuple(
            Range(**{key: tuple(value) if isinstance(value, list) else value for key, value in rule.items()})
            for rule in entry["ranges"]
        ),
        bootstrap_intervals=tuple(entry["bootstrap_intervals"]),
        never_shown=tuple(entry["never_shown"]),
    )
