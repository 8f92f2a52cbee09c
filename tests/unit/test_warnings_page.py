"""docs/warnings.md names every warning that there is, with its severity, and every reason of refusal has a cause."""

import csv
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "warnings.md").read_text(encoding="utf-8")


def seed(name: str) -> list[dict[str, str]]:
    with (ROOT / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def faults(page: str) -> set[str]:
    """What the page lacks, or names and should not."""
    shown = dict(re.findall(r"^\| `(\w+)` \| (\d) \| .+ \| .+ \|$", page, re.MULTILINE))
    there = {row["warning_code"]: row["severity"] for row in seed("source_warnings")}
    return {code for code in shown.keys() | there.keys() if shown.get(code) != there.get(code)}


def test_the_page_names_every_warning() -> None:
    assert faults(PAGE) == set()


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("| `dates_not_read` | 2 |", "| `dates_not_read` | 3 |", "dates_not_read"),
        ("| `rows_refused` | 2 |", "| `rows_gone` | 2 |", "rows_refused"),
    ],
)
def test_a_wrong_page_is_seen(old: str, new: str, code: str) -> None:
    assert PAGE.count(old) == 1
    assert code in faults(PAGE.replace(old, new))


def test_every_reason_has_a_cause_and_a_warning() -> None:
    reasons = {row["reason_code"] for row in seed("quarantine_reasons")}
    codes = {row["warning_code"] for row in seed("source_warnings")}
    causes = seed("reject_causes")
    assert {row["reason_code"] for row in causes} == reasons
    for row in causes:
        is_fault = row["is_fault"] == "true"
        assert (row["warning_code"] in codes and bool(row["likely_cause"])) == is_fault, row["reason_code"]
        assert is_fault or not row["warning_code"], row["reason_code"]


def test_the_rules_of_scales_have_a_warning() -> None:
    assert {row["warning_code"] for row in seed("scale_rules")} <= {
        row["warning_code"] for row in seed("source_warnings")
    }
