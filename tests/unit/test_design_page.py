"""Pages name every folder, wing, public table and page, in the order that holds, and no test that is not there."""

import re
from pathlib import Path

import pytest
import yaml
from test_wings import WINGS

from nps_chain.contracts.marts import load_tables

ROOT = Path(__file__).parents[2]
DESIGN, README = ((ROOT / name).read_text(encoding="utf-8") for name in ("docs/design.md", "README.md"))
GROUPS = yaml.safe_load((ROOT / "models" / "_groups.yml").read_text(encoding="utf-8"))["groups"]
OTHERS = [path.read_text(encoding="utf-8") for path in [ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]]
TESTS = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
TABLES = {table.name for table in load_tables()}


def rows(page: str, title: str) -> list[list[str]]:
    """The cells of the tables of a part of the page, without their heads."""
    part = re.split(r"^## (.*)\n", page, flags=re.MULTILINE)
    lines = re.findall(r"^\|(.*)\|$", part[part.index(title) + 1], re.MULTILINE)
    return [[cell.strip() for cell in line.split("|")] for line in lines][2:]


def faults(design: str, readme: str) -> list[str]:
    """What the pages lack, or name and should not."""
    found = []
    folders = [(name.strip("`"), question) for name, question, _ in rows(design, "Folders")]
    if folders != [(group["name"], group["description"]) for group in GROUPS]:
        found.append("the folders are not those of models/_groups.yml")
    if [name.strip("`") for name, _ in rows(design, "Python")] != list(WINGS):
        found.append("the wings are not those of nps_chain")
    grain = {name for names, _ in rows(design, "Grain") for name in names.split(", ")}
    found += [f"the grain of {name}" for name in sorted(grain ^ TABLES)]
    shown = " ".join(cell for row in rows(readme, "What you get") for cell in row)
    got = re.findall(r"`(mart_\w+)`", shown)
    marts = {name for name in TABLES if name.startswith("mart_")}
    found += [f"the table {name} in README.md" for name in sorted(marts ^ set(got))]
    pages = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")}
    linked = re.findall(r"\]\((docs/[^)#]+)\)", " ".join(row[0] for row in rows(readme, "Where things are")))
    found += [f"the page {name} in README.md" for name in sorted(pages ^ set(linked))]
    named = set(re.findall(r"`(test_\w+\.py)`", " ".join([design, readme, *OTHERS])))
    return found + [f"the test {name}" for name in sorted(named - TESTS)]


def test_the_pages_are_those_of_the_project() -> None:
    assert faults(DESIGN, README) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("| `people` | Who is", "| `persons` | Who is", "the folders are not those of models/_groups.yml"),
        ("| `intake` | the landing", "| `reading` | the landing", "the wings are not those of nps_chain"),
        ("| mart_earned_growth | chain", "| mart_growth | chain", "the grain of mart_earned_growth"),
        ("| `mart_weakest_link` | chain", "| chain", "the table mart_weakest_link in README.md"),
        ("# Design\n", "# Design\n`test_nobody.py`", "the test test_nobody.py"),
        ("| [docs/roadmap.md](docs/roadmap.md) |", "| |", "the page docs/roadmap.md in README.md"),
    ],
)
def test_a_wrong_page_is_seen(old: str, new: str, said: str) -> None:
    assert (DESIGN + README).count(old) == 1
    assert said in faults(DESIGN.replace(old, new), README.replace(old, new))
