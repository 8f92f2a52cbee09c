"""docs/settings.md names every setting that there is, no other, and the default that each has."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
VARS = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
PYTHON = ("nps_chain", "bench", "study", "demo", "docsite", "tests")
VARIABLE = re.compile(r"\b(?:NPS_[A-Z_]*[A-Z]|SPARK_REMOTE|SPARK_CONF_DIR|JAVA_HOME)\b")


def other_texts() -> list[str]:
    """What dbt and make read."""
    paths = [path for folder in ("models", "macros") for path in (ROOT / folder).rglob("*") if path.is_file()]
    paths += [ROOT / name for name in ("Makefile", "dbt_project.yml", "profiles.yml")]
    return [path.read_text(encoding="utf-8") for path in paths]


def python_strings() -> list[str]:
    """The strings of all Python, since a constant may be called like a variable of the environment."""
    paths = [path for folder in PYTHON for path in (ROOT / folder).rglob("*.py") if path != Path(__file__)]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in paths]
    nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return [node.value for node in nodes if isinstance(node.value, str)]


ENVIRONMENT = {name for text in other_texts() + python_strings() for name in VARIABLE.findall(text)}
# what dbt falls back on; an expression is none of these
FALLBACKS = {pair for text in other_texts() for pair in re.findall(r"env_var\('(\w+)', '([^']*)'\)", text)}
OPTIONAL = dict(re.findall(r"^([A-Z]+) \?= ?(.*)$", MAKEFILE, re.MULTILINE))
EXPORTED = re.findall(r"^\w+: export (NPS_\w+) \?= (.+)$", MAKEFILE, re.MULTILINE)


def shown(page: str, title: str) -> dict[str, str]:
    """The settings of a part of the page, and what it says of their defaults."""
    parts = re.split(r"^## (.*)\n", page, flags=re.MULTILINE)
    return dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", parts[parts.index(title) + 1], re.MULTILINE))


def faults(page: str) -> list[str]:
    environment = shown(page, "Environment variables")
    of_make = shown(page, "Variables of make")
    of_dbt = shown(page, "dbt's variables")
    used = {name for name in of_make if f"$({name})" in MAKEFILE}
    found = differences(environment, ENVIRONMENT)
    found += differences(of_make, {*OPTIONAL, *used})
    found += differences(of_dbt, set(VARS))
    found += [name for name, value in VARS.items() if name in of_dbt and value_of(of_dbt[name]) != value]
    found += [name for name, value in OPTIONAL.items() if value and of_make.get(name) != f"`{value}`"]
    found += [name for name, value in FALLBACKS if f"`{value}`" not in environment.get(name, f"`{value}`")]
    return found + [name for name, value in EXPORTED if value not in environment.get(name, value)]


def differences(page: dict[str, str], there: set[str]) -> list[str]:
    missing = [f"{name} is missing" for name in sorted(there - set(page))]
    return missing + [f"{name} is gone" for name in sorted(set(page) - there)]


def value_of(cell: str) -> Any:
    return yaml.safe_load(cell.strip("`"))


def test_the_page_is_that_of_the_code() -> None:
    assert len(FALLBACKS) > 5
    assert faults(PAGE) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("| `NPS_RAW` |", "| `NPS_ROW` |", ["NPS_RAW is missing", "NPS_ROW is gone"]),
        ("| `SPARK_REMOTE` |", "| SPARK_REMOTE |", ["SPARK_REMOTE is missing"]),
        ("| `NPS_SPARK_MEMORY` | `4g` |", "| `NPS_SPARK_MEMORY` | `8g` |", ["NPS_SPARK_MEMORY"]),
        ("| `NPS_KILLS` | 0; 30", "| `NPS_KILLS` | 0; 40", ["NPS_KILLS"]),
        ("| `WORLDS` | `240` |", "| `WORLDS` | `24` |", ["WORLDS"]),
        ("| `BENCH` |", "| `BRANCH` |", ["BRANCH is gone"]),
        ("| `z_95` | `1.959964` |", "| `z_95` | `1.96` |", ["z_95"]),
        ("| `identity_rounds` |", "| `identity_turns` |", ["identity_rounds is missing", "identity_turns is gone"]),
    ],
)
def test_a_wrong_page_is_seen(old: str, new: str, said: list[str]) -> None:
    assert old in PAGE
    assert faults(PAGE.replace(old, new)) == said
