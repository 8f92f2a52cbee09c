"""The limits of contract/expectations.yml as checked, frozen objects."""

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from pydantic.dataclasses import dataclass

from nps_chain.contracts.documents import STRICT, Number, checked, read_yaml
from nps_chain.settings import ROOT

LIMITS_PATH = ROOT / "contract" / "expectations.yml"
Group = Literal["faulty_rows", "failed_files", "volume", "score"]


@dataclass(frozen=True, config=STRICT)
class FaultyRows:
    """Shares of rows with a fault in one column."""

    min_rows: int
    warning: Number
    critical: Number


@dataclass(frozen=True, config=STRICT)
class FailedFiles:
    """Shares of files that could not be read."""

    min_files: int
    warning: Number
    critical: Number


@dataclass(frozen=True, config=STRICT)
class Volume:
    """Rows of the newest window or list, against those before it."""

    window_days: int
    windows: int
    min_files: int
    min_rows: int
    warning_low: Number
    warning_high: Number
    critical_low: Number
    partner_low: Number
    partner_high: Number
    silent_days: int


@dataclass(frozen=True, config=STRICT)
class Score:
    """Scores of the newest window, against those before it."""

    min_answers: int
    mean_warning: Number
    mean_critical: Number
    share_of_9_and_10_warning: Number
    share_of_9_and_10_critical: Number
    no_score_warning: Number
    no_score_critical: Number
    partner_min_answers: int
    partner_mean: Number


@dataclass(frozen=True, config=STRICT)
class RawLimits:
    """What is asked of the landing data sets."""

    faulty_rows: FaultyRows
    failed_files: FailedFiles
    volume: Volume
    score: Score
    whole_lists: tuple[str, ...]
    accepted: dict[str, tuple[Group, ...]] | None


@dataclass(frozen=True, config=STRICT)
class Range:
    """The values that columns of some names may have."""

    columns: tuple[str, ...]
    reason: str
    tables: tuple[str, ...] = ("*",)
    minimum: Number | None = None
    maximum: Number | None = None

    def covers(self, table: str, column: str) -> bool:
        """Whether the rule is about this column."""
        return any(fnmatchcase(table, name) for name in self.tables) and matches(column, self.columns)


@dataclass(frozen=True, config=STRICT)
class MartLimits:
    """What is asked of the public tables, beyond their contracts."""

    must_have_rows: tuple[str, ...]
    should_have_rows: tuple[str, ...]
    ranges: tuple[Range, ...]
    bootstrap_intervals: tuple[str, ...]
    never_shown: tuple[str, ...]


@dataclass(frozen=True, config=STRICT)
class Limits:
    """The whole file."""

    raw: RawLimits
    marts: MartLimits


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether the name fits one of the patterns."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def load_limits(path: Path = LIMITS_PATH) -> Limits:
    """Read and check the limits; a fault is one sentence that says where."""
    return checked(
        Limits,
        read_yaml(path, f"The limits {path.name}"),
        f"The limits {path.name} are not valid, a part is missing or misspelt:",
    )
